using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Harness;

/// <summary>The first component of a session, put together as the agent does it, with memory in the client's place.</summary>
internal sealed class FirstComponent : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly SendChannel _send;
    private readonly ReceiveChannel _receive;
    private readonly TimeSpan _keepAlive;
    private Task[] _parts = [];

    public FirstComponent(ICarrier carrier, ChannelMode mode, SessionLimits limits)
        : this(carrier, limits, Fixed(mode))
    {
    }

    public FirstComponent(ICarrier carrier, SessionLimits limits, Func<PathTerms> path)
    {
        Sending = new SendingHalf(Source, limits.Window);
        Receiving = new ReceivingHalf(Sink, limits.Window);
        RetryClock retry = new(limits.Grace, TimeProvider.System);
        _send = new SendChannel(Sending, Receiving, carrier, ChannelControl.Up(limits, path), retry);
        _receive = new ReceiveChannel(Receiving, carrier, ChannelControl.Down(limits, path), retry, () => _send.LastWrite.WaitAsync(TimeSpan.FromMilliseconds(50)).ContinueWith(_ => { }, TaskScheduler.Default));
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

    public void Start() => _parts = [_send.RunAsync(default, _over.Token), _receive.RunAsync(null, _over.Token), _send.KeepAliveAsync(_keepAlive, _over.Token)];

    /// <summary>Until both directions have ended, or the first part has failed.</summary>
    public async Task EndedAsync()
    {
        int channels = 2;
        await foreach (Task part in Task.WhenEach(_parts))
        {
            await part;
            if (--channels == 0)
            {
                return; // what keeps the session alive does not end by itself
            }
        }
    }

    private static Func<PathTerms> Fixed(ChannelMode mode)
    {
        PathTerms terms = new(mode, mode);
        return () => terms;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_parts).ContinueWith(_ => { }, TaskScheduler.Default).Soon();
        Sending.Dispose();
        _over.Dispose();
    }
}
