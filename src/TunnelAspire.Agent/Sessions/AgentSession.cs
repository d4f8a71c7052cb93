using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Sessions;

/// <summary>An open session at the agent: the local connection, the byte machine on it, and the channels that carry its bytes.</summary>
public sealed class AgentSession : IDisposable
{
    private static readonly TimeSpan GoodbyePatience = TimeSpan.FromSeconds(3);

    private readonly SocketEnd _local;
    private readonly ICarrier _carrier;
    private readonly SendingHalf _sending;
    private readonly ReceivingHalf _receiving;
    private readonly RetryClock _retry;
    private readonly SendChannel _sendChannel;
    private readonly ReceiveChannel _receiveChannel;
    private readonly TimeSpan _keepAlive;
    private Exception? _failure;

    /// <summary>A session on the local connection, which it takes over.</summary>
    public AgentSession(SocketEnd local, ICarrier carrier, SessionLimits limits, ChannelMode mode, RetryClock retry)
    {
        (_local, _carrier, _retry) = (local, carrier, retry);
        _sending = new SendingHalf(local, limits.Window);
        _receiving = new ReceivingHalf(local, limits.Window);
        ChannelSettings settings = ChannelSettings.For(mode, limits);
        _sendChannel = new SendChannel(_sending, _receiving, carrier, settings, retry);
        _receiveChannel = new ReceiveChannel(_receiving, carrier, settings, retry);
        _keepAlive = limits.Grace / 4;
    }

    /// <summary>Bytes from the client that the connector has accepted.</summary>
    public long BytesUp => _sending.Acknowledged;

    /// <summary>Bytes that the client has got.</summary>
    public long BytesDown => _receiving.Next;

    /// <summary>Bytes from the client that were sent more than once.</summary>
    public long BytesResent => _sendChannel.Resent;

    /// <summary>Carries bytes both ways until both directions have ended, one side resets, or the session is lost.</summary>
    /// <param name="stop">The agent stops: the local connection is reset and the connector told.</param>
    /// <returns>What ended it: null after an orderly end of both directions.</returns>
    public async Task<Exception?> RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using CancellationTokenRegistration reset = over.Token.Register(_local.Reset);
        Task keepAlive = GuardAsync(_sendChannel.KeepAliveAsync(_keepAlive, over.Token), over);
        await Task.WhenAll(GuardAsync(_sendChannel.RunAsync(over.Token), over), GuardAsync(_receiveChannel.RunAsync(over.Token), over));
        Exception? ended = _failure;
        if (ended is null)
        {
            _local.Dispose();
        }

        await over.CancelAsync();
        await keepAlive;
        await SayGoodbyeAsync(ended);
        return ended;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sending.Dispose();
        _local.Dispose();
    }

    /// <summary>Notes the first failure, and ends the other parts with it: a stuck write to the local socket ends by the reset.</summary>
    private async Task GuardAsync(Task part, CancellationTokenSource over)
    {
        try
        {
            await part;
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            await over.CancelAsync();
        }
    }

    /// <summary>Tells the connector, unless it knows. Where it cannot be told, the session's grace time ends it there.</summary>
    private async Task SayGoodbyeAsync(Exception? ended)
    {
        if (ended is TunnelException { InnerException: null })
        {
            return; // the connector itself has ended it
        }

        using CancellationTokenSource patience = new(GoodbyePatience);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await _carrier.EndAsync(SessionOutcome.Code(ended), patience.Token);
                return;
            }
            catch (Exception e) when (RetryClock.CanRetry(e))
            {
                if (!await PauseAsync(e, attempt, patience.Token))
                {
                    return;
                }
            }
            catch (Exception e) when (e is TunnelException or OperationCanceledException)
            {
                return; // it is over there as well, or patience has run out
            }
        }
    }

    private async Task<bool> PauseAsync(Exception failure, int attempt, CancellationToken patience)
    {
        try
        {
            await _retry.PauseAsync(failure, attempt, patience);
            return true;
        }
        catch (Exception e) when (e is TunnelException or OperationCanceledException)
        {
            return false; // patience, or the grace time, has run out
        }
    }
}
