using TunnelAspire.Agent.Status;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Sessions;

/// <summary>An open session at the agent: the local connection, the byte machine on it, and the channels that carry its bytes.</summary>
public sealed class AgentSession : IShownSession, IDisposable
{
    private static readonly TimeSpan GoodbyePatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LastWritePatience = TimeSpan.FromMilliseconds(50); // its answer may tell the end of both streams: no other request is needed then

    private readonly IByteEnd _local;
    private readonly ICarrier _carrier;
    private readonly SendingHalf _sending;
    private readonly ReceivingHalf _receiving;
    private readonly RetryClock _retry;
    private readonly SendChannel _sendChannel;
    private readonly ReceiveChannel _receiveChannel;
    private readonly TimeSpan _keepAlive;

    /// <summary>A session on the local connection and on the half that has begun to read it, both of which it takes over.</summary>
    public AgentSession(IByteEnd local, SendingHalf sending, ICarrier carrier, SessionLimits limits, Func<PathTerms> path, RetryClock retry)
    {
        (_local, _sending, _carrier, _retry) = (local, sending, carrier, retry);
        sending.Limit(limits.Window);
        _receiving = new ReceivingHalf(local, limits.Window);
        _sendChannel = new SendChannel(_sending, _receiving, carrier, ChannelControl.Up(limits, path), retry);
        _receiveChannel = new ReceiveChannel(
            _receiving, carrier, ChannelControl.Down(limits, path), retry, () => Moment.OfAsync(_sendChannel.LastWrite, LastWritePatience));
        _keepAlive = limits.Grace / 4;
    }

    /// <inheritdoc/>
    public long BytesUp => _sending.Acknowledged;

    /// <inheritdoc/>
    public long BytesSent => _sending.Sent;

    /// <inheritdoc/>
    public long BytesDown => _receiving.Next;

    /// <inheritdoc/>
    public long BytesResent => _sending.Resent;

    /// <summary>Carries bytes both ways until both directions have ended, one side resets, or the session is lost.</summary>
    /// <param name="first">What has been taken of the client's stream.</param>
    /// <param name="received">What the open's answer has brought, or brings, of the target's.</param>
    /// <param name="stop">The agent stops: the local connection is reset and the connector told.</param>
    /// <returns>What ended it: null after an orderly end of both directions.</returns>
    public async Task<Exception?> RunAsync(FirstBytes first, ReadAnswer? received, CancellationToken stop)
    {
        using SessionLife life = new(stop);
        Exception? ended;
        await using (KeepAlive keepAlive = new(_sendChannel, _retry, _keepAlive, life))
        await using (life.Over.UnsafeRegister(static local => ((IByteEnd)local!).Reset(), _local)) // a stuck write to it ends by that
        {
            Task sent = _sendChannel.RunAsync(first.Brought, first.Coming, life);
            await _receiveChannel.RunAsync(received, life);
            await sent;
            ended = life.Failure;
        }

        if (ended is null)
        {
            _local.Dispose();
        }

        if (!_sendChannel.Complete)
        {
            await SayGoodbyeAsync(ended);
        }

        return ended;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sending.Dispose();
        _local.Dispose();
    }

    /// <summary>Tells the connector, unless it knows. Where it cannot be told, the session's grace time ends it there.</summary>
    private async Task SayGoodbyeAsync(Exception? ended)
    {
        if (ended is TunnelException { Error: TunnelError.SessionGone or TunnelError.SessionExpired or TunnelError.TargetReset, InnerException: null })
        {
            return; // the connector itself has said so
        }

        using CancellationTokenSource patience = new(GoodbyePatience);
        RetryClock.Failures failures = new();
        while (true)
        {
            try
            {
                await _carrier.EndAsync(SessionOutcome.Code(ended), patience.Token);
                return;
            }
            catch (Exception e) when (RetryClock.CanRetry(e))
            {
                if (!await PauseAsync(e, failures, patience.Token))
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

    private async Task<bool> PauseAsync(Exception failure, RetryClock.Failures failures, CancellationToken patience)
    {
        try
        {
            await _retry.PauseAsync(failure, failures, patience);
            return true;
        }
        catch (Exception e) when (e is TunnelException or OperationCanceledException)
        {
            return false; // patience, or the grace time, has run out
        }
    }
}
