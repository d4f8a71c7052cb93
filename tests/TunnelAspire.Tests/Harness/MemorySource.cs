using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Tests.Harness;

/// <summary>A source that the test feeds. It may be as unhelpful as a socket: small reads, and nothing told about what is there.</summary>
/// <param name="mostPerRead">Most bytes that one read brings.</param>
/// <param name="tellsAvailable">Whether it says how much can be read.</param>
internal sealed class MemorySource(int mostPerRead = int.MaxValue, bool tellsAvailable = true) : IByteSource
{
    private readonly Lock _lock = new();
    private readonly AsyncSignal _changed = new();
    private long _fed;
    private long _read;
    private bool _ended;
    private Exception? _failure;

    /// <summary>How many reads with memory there have been.</summary>
    public int Reads { get; private set; }

    public long Fed
    {
        get { lock (_lock) { return _fed; } }
    }

    /// <summary>Bytes that have been taken out.</summary>
    public long Taken
    {
        get { lock (_lock) { return _read; } }
    }

    public bool Ready
    {
        get { lock (_lock) { return _read < _fed || _ended || _failure is not null; } }
    }

    public int Available
    {
        get { lock (_lock) { return tellsAvailable ? (int)(_fed - _read) : 0; } }
    }

    public void Feed(long bytes) => Change(() => _fed += bytes);

    public void End() => Change(() => _ended = true);

    /// <summary>As a socket: tells its failure once, and an end of the stream ever after.</summary>
    public void Fail(Exception failure) => Change(() => _failure = failure);

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task changed = _changed.Next();
            if (Ready)
            {
                return;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken);
        return Read(destination);
    }

    private int Read(Memory<byte> destination)
    {
        lock (_lock)
        {
            Reads++;
            int count = (int)Math.Min(Math.Min(_fed - _read, destination.Length), mostPerRead);
            if (count == 0 && Interlocked.Exchange(ref _failure, null) is { } failure)
            {
                _ended = true;
                throw failure;
            }

            Pattern.Fill(destination.Span[..count], _read);
            _read += count;
            return count;
        }
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
        }

        _changed.Set();
    }
}
