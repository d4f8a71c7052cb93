using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>The read requests that belong together: the end of their generation ends them all.</summary>
/// <param name="number">What it is called on the wire.</param>
internal sealed class Generation(long number)
{
    private readonly Lock _lock = new();
    private readonly List<Deadline> _exchanges = [];
    private bool _over;

    /// <summary>What it is called on the wire.</summary>
    public long Number => number;

    /// <summary>Whether a newer one has taken its place, or none is needed any more.</summary>
    public bool IsOver => Volatile.Read(ref _over);

    /// <summary>The clock of one who reads, for one exchange after the other as long as the generation lasts. He must <see cref="Leave"/>.</summary>
    public Deadline Enter(CancellationToken sessionOver)
    {
        Deadline exchange = new(sessionOver);
        lock (_lock)
        {
            _exchanges.Add(exchange);
            if (_over)
            {
                exchange.Cancel(); // nobody waits for it yet
            }
        }

        return exchange;
    }

    /// <summary>He reads no more in this generation.</summary>
    public void Leave(Deadline exchange)
    {
        lock (_lock)
        {
            _exchanges.Remove(exchange);
        }

        exchange.Dispose();
    }

    /// <summary>Ends the exchanges of all who read; they may do so as well while they are told. All are told one after the other, not each within the one before.</summary>
    public void End()
    {
        Deadline[] exchanges;
        lock (_lock)
        {
            if (_over)
            {
                return;
            }

            _over = true;
            exchanges = [.. _exchanges];
        }

        Array.ForEach(exchanges, exchange => exchange.Cancel());
    }
}
