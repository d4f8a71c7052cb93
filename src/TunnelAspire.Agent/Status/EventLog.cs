using Microsoft.Extensions.Logging;

namespace TunnelAspire.Agent.Status;

/// <summary>Keeps what was logged last, for those who look.</summary>
[ProviderAlias("Events")]
internal sealed class EventLog(TimeProvider time) : ILoggerProvider
{
    private const int Most = 100;
    private const int LongestText = 2000;

    // Guards the queue.
    private readonly Lock _lock = new();
    private readonly Queue<EventReport> _events = new(Most);

    /// <summary>What was logged last, the newest at the end.</summary>
    public IReadOnlyList<EventReport> Recent
    {
        get { lock (_lock) { return [.. _events]; } }
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Writer(this);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Add(LogLevel level, string text)
    {
        // What others wrote cannot command the terminal.
        string shown = string.Concat(text.Take(LongestText).Select(c => char.IsControl(c) ? ' ' : c));
        lock (_lock)
        {
            if (_events.Count == Most)
            {
                _events.Dequeue();
            }

            _events.Enqueue(new EventReport(time.GetUtcNow(), level.ToString(), shown));
        }
    }

    private sealed class Writer(EventLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Add(logLevel, formatter(state, exception));
            }
        }
    }
}
