using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Agent.Sessions;

/// <summary>
/// The client's first bytes: most clients speak as soon as they are connected, and the open can bring what they say. Of a client
/// that does not, the wait for its first bytes goes on while the session is opened.
/// </summary>
public sealed class FirstBytes
{
    /// <summary>Of a client that is not asked before its session is open.</summary>
    public static readonly FirstBytes NotAsked = new();

    /// <summary>Most bytes that an open brings: no connector allows less in a message.</summary>
    private const int Most = 4 * 1024;

    /// <summary>A client that waits for the server to speak first waits so much longer, and up to a step of the alarms.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1);

    private FirstBytes()
    {
    }

    /// <summary>What the open brings; empty where nothing was there in time.</summary>
    public OutboundRange Brought { get; private init; }

    /// <summary>What comes after the open has begun; null where it brings the first bytes, or nobody has asked for them.</summary>
    public Task<OutboundRange>? Coming { get; private init; }

    /// <summary>What is there, or comes in a moment.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The client has reset the connection.</exception>
    public static async ValueTask<FirstBytes> TakeAsync(SendingHalf sending, CancellationToken cancellationToken)
    {
        ValueTask<OutboundRange> take = sending.TakeAsync(generation: 0, Most, cancellationToken);
        if (take.IsCompleted)
        {
            return new FirstBytes { Brought = await take };
        }

        Task<OutboundRange> taking = take.AsTask();
        await Moment.OfAsync(taking, Patience);
        return taking.IsCompleted ? new FirstBytes { Brought = await taking } : new FirstBytes { Coming = taking };
    }

    /// <summary>Lets go of the bytes, of those too that are still to come: the session cannot be opened.</summary>
    public void Drop()
    {
        Brought.Dispose();
        if (Coming is not null)
        {
            _ = DropAsync(Coming);
        }
    }

    private static async Task DropAsync(Task<OutboundRange> coming)
    {
        try
        {
            (await coming).Dispose();
        }
        catch (Exception)
        {
            // They never come: the connection has ended, which is known.
        }
    }
}
