using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Tests.Harness;

/// <summary>A sink that checks each byte and takes no more at once than it likes. It can be stopped, as a peer that does not read.</summary>
/// <param name="mostPerWrite">Most bytes that one write takes.</param>
internal sealed class MemorySink(int mostPerWrite = int.MaxValue) : IByteSink
{
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _stopped;
    private long _written;
    private int _writing;

    public long Written => Volatile.Read(ref _written);

    public int Finishes { get; private set; }

    /// <summary>Where the stream ended.</summary>
    public long? FinishedAt { get; private set; }

    public Task Finished => _finished.Task;

    public bool Stuck => Volatile.Read(ref _writing) == 1 && _stopped is not null;

    /// <summary>The next writes do not end until <see cref="Go"/>.</summary>
    public void Stop() => _stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Go()
    {
        TaskCompletionSource? stopped = _stopped;
        _stopped = null;
        stopped?.TrySetResult();
    }

    /// <summary>The writes that hang fail.</summary>
    public void Fail(Exception failure) => _stopped?.TrySetException(failure);

    public async ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        Assert.Equal(0, Interlocked.Exchange(ref _writing, 1));
        Assert.False(bytes.IsEmpty);
        Assert.Null(FinishedAt);
        try
        {
            if (_stopped is { } stopped)
            {
                await stopped.Task;
            }

            int count = Math.Min(bytes.Length, mostPerWrite);
            Pattern.Require(bytes.Span[..count], Written);
            Volatile.Write(ref _written, _written + count);
            return count;
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public void Finish()
    {
        Assert.Equal(0, Volatile.Read(ref _writing));
        Finishes++;
        FinishedAt = Written;
        _finished.TrySetResult();
    }
}
