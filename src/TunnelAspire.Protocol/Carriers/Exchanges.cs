using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>Counts the exchanges of a channel that are under way. They are a session's parts: each ends with it, and never throws.</summary>
internal sealed class Exchanges
{
    private readonly AsyncSignal _landed = new(inline: true);
    private int _count;

    /// <summary>How many are under way.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>One begins.</summary>
    public void Begin() => Interlocked.Increment(ref _count);

    /// <summary>One has ended. It has nothing left to do: who waits for it goes on here.</summary>
    public void Land()
    {
        Interlocked.Decrement(ref _count);
        _landed.Set();
    }

    /// <summary>Waits until fewer than <paramref name="most"/> are under way.</summary>
    public ValueTask RoomAsync(int most) => Count < most ? ValueTask.CompletedTask : WaitAsync(most);

    private async ValueTask WaitAsync(int most)
    {
        while (Count >= most)
        {
            Task landed = _landed.Next();
            if (Count >= most)
            {
                await landed;
            }
        }
    }
}
