using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Survival;

/// <summary>One TCP connection with checksummed bytes both ways, and a hand that disturbs it at moments that its progress names.</summary>
internal sealed class BothWays(Socket client, Socket target, long bytes)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private long _up;
    private long _down;

    /// <summary>The lesser progress of both directions, in bytes.</summary>
    public long Progress => Math.Min(Volatile.Read(ref _up), Volatile.Read(ref _down));

    /// <summary>Runs both directions to their ends, and asserts that what arrived is what was sent.</summary>
    /// <param name="disturb">Runs at the same time; stops by itself.</param>
    public async Task RunAsync(Func<BothWays, Task> disturb)
    {
        using CancellationTokenSource limit = new(Limit);
        Task<Digest> sentUp = Checked.SendAsync(client, bytes, 1, limit.Token);
        Task<Digest> sentDown = Checked.SendAsync(target, bytes, 2, limit.Token);
        Task<Digest> gotUp = Checked.ReceiveAsync(target, received => Volatile.Write(ref _up, received), limit.Token);
        Task<Digest> gotDown = Checked.ReceiveAsync(client, received => Volatile.Write(ref _down, received), limit.Token);
        await Task.WhenAll(disturb(this), sentUp, sentDown, gotUp, gotDown);
        Assert.Equal(await sentUp, await gotUp);
        Assert.Equal(await sentDown, await gotDown);
    }

    /// <summary>Waits until both directions have got that far.</summary>
    public Task ReachAsync(long progress) => Waiting.UntilAsync(() => Progress >= progress, $"{progress} bytes in both directions", TimeSpan.FromMinutes(2));
}
