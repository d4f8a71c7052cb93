using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// How large the next message may be. A refusal for its size lowers the limit for good. Losses in a row lower it for a while:
/// a system in between may cut large messages without a word.
/// </summary>
internal sealed class MessageSize
{
    private const int Smallest = 4 * 1024;
    private const int LossesThatShrink = 3;

    private readonly Lock _lock = new();
    private readonly int _smallest;
    private int _limit;
    private int _current;

    public MessageSize(int most)
    {
        _smallest = Math.Min(Smallest, most);
        _limit = _current = most;
    }

    /// <summary>Most bytes of the next message.</summary>
    public int Current => Volatile.Read(ref _current);

    /// <summary>A message was answered.</summary>
    public void Passed()
    {
        if (Current == Volatile.Read(ref _limit))
        {
            return;
        }

        lock (_lock)
        {
            _current = (int)Math.Min(_limit, _current * 2L);
        }
    }

    /// <summary>A message was not, for the <paramref name="failures"/>th time in a row, counted from 0.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="failures">The failures before it.</param>
    /// <param name="bytes">How large the message was: of several that are refused at once, each says something of its own size only.</param>
    public void Failed(Exception failure, int failures, int bytes)
    {
        lock (_lock)
        {
            int half = Math.Max(_smallest, _current / 2);
            if (failure is CarrierException { Fault: CarrierFault.TooLarge } or TunnelException { Error: TunnelError.BodyTooLarge })
            {
                _limit = Math.Min(_limit, Math.Max(_smallest, bytes / 2));
                _current = Math.Min(_current, _limit);
            }
            else if (failures >= LossesThatShrink)
            {
                _current = half;
            }
        }
    }
}
