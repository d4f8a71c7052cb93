using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Agent.Sessions;

/// <summary>The client's first bytes: most clients speak as soon as they are connected, and the open can bring what they say.</summary>
internal static class FirstBytes
{
    /// <summary>Most bytes that an open brings: no connector allows less in a message.</summary>
    private const int Most = 4 * 1024;

    /// <summary>A client that waits for the server to speak first waits so much longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1);

    /// <summary>What is there, or comes in a moment; an empty range if nothing does. The caller disposes it.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The client has reset the connection.</exception>
    public static async ValueTask<OutboundRange> TakeAsync(SendingHalf sending, CancellationToken cancellationToken)
    {
        using CancellationTokenSource moment = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        moment.CancelAfter(Patience);
        try
        {
            return await sending.TakeAsync(generation: 0, Most, moment.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return default; // the moment has passed
        }
    }
}
