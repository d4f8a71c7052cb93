using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TunnelAspire.Http.Identity;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Audit;

/// <summary>
/// Keeps a record of each open that is refused before a connector's policy is asked: nobody knows the caller, a limit is reached,
/// there is no connector. A flood must not fill the audit: of what one client is refused for one reason the first is told at once, and
/// ten seconds later how many more there were.
/// </summary>
public sealed partial class OpenRefusals(AgentAddress agents, TimeProvider time, ILoggerFactory loggers) : IDisposable
{
    /// <summary>Category of all records of the audit in the log.</summary>
    public const string Category = "TunnelAspire.Audit";

    private const int MostTold = 200;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly ILogger _log = loggers.CreateLogger(Category);
    private readonly Lock _lock = new();
    private Dictionary<(string Client, TunnelError Error), OpenRefusal> _more = []; // under the lock; told once, and how often more
    private ITimer? _end; // under the lock

    /// <summary>Keeps the records elsewhere as well. Called by whoever refuses, and must not wait.</summary>
    public event Action<OpenRefusal>? Told;

    private bool Wanted => Told is not null || _log.IsEnabled(LogLevel.Information);

    /// <summary>An open has been refused.</summary>
    public void Add(HttpContext context, TunnelException refusal)
    {
        if (!Wanted || refusal.IsRecorded)
        {
            return;
        }

        string client = ClientAddress.Key(context.Connection.RemoteIpAddress);
        lock (_lock)
        {
            if (_more.Count >= MostTold && !_more.ContainsKey((client, refusal.Error)))
            {
                client = ""; // too many at once to tell them apart
            }

            if (_more.TryGetValue((client, refusal.Error), out OpenRefusal? told))
            {
                _more[(client, refusal.Error)] = told with { Times = told.Times + 1 };
                return;
            }

            OpenRefusal first = Describe(context, refusal);
            _more[(client, refusal.Error)] = (client.Length > 0 ? first : first with { Agent = null }) with { Target = null, Times = 0 };
            _end ??= time.CreateTimer(_ => EndPeriod(), null, Period, Timeout.InfiniteTimeSpan);
            Tell(first);
        }
    }

    /// <summary>What has not been told yet is told now.</summary>
    public void Dispose() => EndPeriod();

    /// <summary>Tells how many more there were of each since its first.</summary>
    public void EndPeriod()
    {
        lock (_lock)
        {
            foreach (OpenRefusal more in _more.Values.Where(more => more.Times > 0))
            {
                Tell(more);
            }

            _more = [];
            _end?.Dispose();
            _end = null;
        }
    }

    private OpenRefusal Describe(HttpContext context, TunnelException refusal)
    {
        string? target = context.Request.Query[TunnelPaths.Target];
        return new OpenRefusal(
            PrintableText.Of(Caller.Of(context).Name),
            agents.Of(context)?.ToString(),
            string.IsNullOrEmpty(target) ? null : PrintableText.Of(target),
            refusal.Error,
            PrintableText.Of(refusal.Message),
            Times: 1);
    }

    private void Tell(OpenRefusal refusal)
    {
        LogRefused(_log, refusal.Times, refusal.Caller, refusal.Agent ?? "many addresses", refusal.Target ?? "-", refusal.Error.Code(), refusal.Detail);
        Told?.Invoke(refusal);
    }

    [LoggerMessage(2123, LogLevel.Information, "{Times} opens refused: {Caller} at {Agent} to {Target}; {Error}: {Detail}")]
    private static partial void LogRefused(ILogger log, long times, string caller, string agent, string target, string error, string detail);
}
