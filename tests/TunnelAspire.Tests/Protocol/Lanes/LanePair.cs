using System.IO.Pipelines;
using System.Threading.Channels;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Lanes;

/// <summary>Two multiplexers, each the other's peer: one opens lanes, the other takes them.</summary>
internal sealed class LanePair : IAsyncDisposable
{
    private readonly Pipe _there = new();
    private readonly Pipe _back = new();
    private readonly Channel<Lane> _accepted = Channel.CreateUnbounded<Lane>();
    private readonly Task[] _running;

    public LanePair()
    {
        Opening = new LaneMultiplexer(_there.Writer.AsStream());
        Taking = new LaneMultiplexer(_back.Writer.AsStream(), lane => _accepted.Writer.TryWrite(lane));
        _running = [Opening.RunAsync(_back.Reader.AsStream(), CancellationToken.None), Taking.RunAsync(_there.Reader.AsStream(), CancellationToken.None)];
    }

    public LaneMultiplexer Opening { get; }

    public LaneMultiplexer Taking { get; }

    /// <summary>The next lane that the peer has opened.</summary>
    public Task<Lane> AcceptAsync() => _accepted.Reader.ReadAsync().Soon();

    /// <summary>A lane, and what it is at the peer: it has brought one byte, which has been received.</summary>
    public async Task<(Lane Here, Lane There)> OpenAsync()
    {
        Lane here = Opening.Open();
        await here.PutAsync(new byte[1], CancellationToken.None).Soon();
        Lane there = await AcceptAsync();
        Assert.Equal(1, await there.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        return (here, there);
    }

    /// <summary>All that has been sent until now has been dealt with at the peer.</summary>
    public async Task SettleAsync()
    {
        await Opening.PingAsync().Soon();
        await Taking.PingAsync().Soon();
    }

    public async ValueTask DisposeAsync()
    {
        await _there.Writer.CompleteAsync();
        await _back.Writer.CompleteAsync();
        await Task.WhenAll(_running).Soon();
    }
}
