using System.Runtime.ExceptionServices;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Harness;

/// <summary>The first component of a session, put together as the agent does it, with memory in the client's place.</summary>
internal sealed class FirstComponent : IAsyncDisposable
{
    private readonly SessionLife _life = new(CancellationToken.None);
    private readonly RetryClock _retry;
    private readonly SendChannel _send;
    private readonly ReceiveChannel _receive;
    private readonly TimeSpan _keepAlive;
    private Task[] _channels = [];
    private KeepAlive? _alive;

    public FirstComponent(ICarrier carrier, ChannelMode mode, SessionLimits limits)
        : this(carrier, limits, Fixed(mode))
    {
    }

    public FirstComponent(ICarrier carrier, SessionLimits limits, Func<PathTerms> path)
    {
        Sending = new SendingHalf(Source, limits.Window);
        Receiving = new ReceivingHalf(Sink, limits.Window);
        _retry = new RetryClock(limits.Grace, TimeProvider.System);
        _send = new SendChannel(Sending, Receiving, carrier, ChannelControl.Up(limits, path), _retry);
        _receive = new ReceiveChannel(Receiving, carrier, ChannelControl.Down(limits, path), _retry, () => Moment.OfAsync(_send.LastWrite, TimeSpan.FromMilliseconds(50)));
        _keepAlive = limits.Grace / 4;
    }

    /// <summary>What the client sends.</summary>
    public MemorySource Source { get; } = new();

    /// <summary>What the client receives.</summary>
    public MemorySink Sink { get; } = new(mostPerWrite: 9973);

    public SendingHalf Sending { get; }

    public ReceivingHalf Receiving { get; }

    public override string ToString() =>
        $"sending: {Sending.Acknowledged} acknowledged, {Sending.Sent} sent, fin {Sending.Fin}, {Source.Fed} fed; receiving: {Receiving.Next}, finished {Receiving.Finished}, {Sink.Written} written";

    public void Start()
    {
        _alive = new KeepAlive(_send, _retry, _keepAlive, _life);
        _channels = [_send.RunAsync(default, null, _life), _receive.RunAsync(null, _life)];
    }

    /// <summary>Until both directions have ended, or the first part has failed.</summary>
    public async Task EndedAsync()
    {
        await Task.WhenAll(_channels);
        if (_life.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private static Func<PathTerms> Fixed(ChannelMode mode)
    {
        PathTerms terms = new(mode, mode);
        return () => terms;
    }

    public async ValueTask DisposeAsync()
    {
        _life.End();
        await Task.WhenAll(_channels).Soon();
        await (_alive?.DisposeAsync() ?? default);
        Sending.Dispose();
        _life.Dispose();
    }
}
