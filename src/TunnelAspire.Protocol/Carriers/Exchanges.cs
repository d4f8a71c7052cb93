using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>The exchanges of a channel that are under way. The first that fails ends them all.</summary>
internal sealed class Exchanges(CancellationToken cancellationToken) : IDisposable
{
    private readonly CancellationTokenSource _over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private readonly AsyncSignal _landed = new();
    private int _count;
    private Exception? _failure;

    /// <summary>Cancelled once one has failed, or the channel is to end.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>How many are under way.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds one.</summary>
    public void Start(Func<Task> exchange)
    {
        Interlocked.Increment(ref _count);
        _ = RunAsync(exchange);
    }

    /// <summary>Waits until fewer than <paramref name="most"/> are under way.</summary>
    public async Task RoomAsync(int most)
    {
        while (Count >= most)
        {
            Task landed = _landed.Next();
            if (Count >= most)
            {
                await landed.WaitAsync(Over);
            }
        }
    }

    /// <summary>Waits until none is under way.</summary>
    /// <exception cref="Exception">One has failed; this is the first failure.</exception>
    public async Task EndAsync()
    {
        while (Count > 0)
        {
            Task landed = _landed.Next();
            if (Count > 0)
            {
                await landed;
            }
        }

        if (_failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _over.Dispose();

    private async Task RunAsync(Func<Task> exchange)
    {
        try
        {
            await exchange();
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            await _over.CancelAsync();
        }
        finally
        {
            Interlocked.Decrement(ref _count);
            _landed.Set();
        }
    }
}
