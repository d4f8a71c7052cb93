using TunnelAspire.Agent.Forwards;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>A client that is to be carried: its connection, and what it has asked for.</summary>
/// <param name="End">The connection. Whoever carries it takes it over.</param>
/// <param name="Request">What it has asked for.</param>
/// <param name="Name">Who it is, for logs.</param>
internal sealed record Client(IByteEnd End, Arrival Request, string Name)
{
    /// <summary>The way in by which it came; null where it came by none.</summary>
    public ForwardPlan? Forward { get; init; }

    /// <summary>Says the last words to it and closes, where its way in has words for failures.</summary>
    public Func<ReadOnlyMemory<byte>, Task>? Part { get; init; }

    /// <summary>Whether it says nothing until it has been welcomed.</summary>
    public bool Waits => Request.Opened.Length > 0;

    /// <summary>Lets go of it because its session cannot be opened: with the words that its way in has for failures, or with a reset.</summary>
    public async Task RefuseAsync(Exception why)
    {
        if (Request.Failed is { } words && Part is { } part && why is not OperationCanceledException)
        {
            await part(words(why));
        }
        else
        {
            End.Reset();
        }
    }

    /// <summary>Tells it that its session is open.</summary>
    public async Task WelcomeAsync()
    {
        try
        {
            for (ReadOnlyMemory<byte> words = Request.Opened; words.Length > 0;)
            {
                words = words[await End.WriteAsync(words)..];
            }
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // It is gone. The session, which reads from it, finds that out by itself.
        }
    }
}
