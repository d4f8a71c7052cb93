using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Streaming;

public sealed class StreamBudgetTests
{
    private const int Window = 1024 * 1024;

    private readonly MemorySource _source = new();
    private readonly List<string> _refused = [];

    [Fact]
    public async Task SendingHalf_WhileItKeepsBytes_HasThemCounted()
    {
        StreamBudget budget = new();
        using SendingHalf half = new(_source, Window, budget);
        _source.Feed(100_000);

        using (OutboundRange range = await half.TakeAsync(0, Window, CancellationToken.None))
        {
            Assert.InRange(budget.Bytes, range.Length, 2 * Window);
            half.Acknowledge(range.Length);
        }

        Assert.Equal(0, budget.Bytes);
        Assert.Equal(0, budget.Asking);
    }

    [Fact]
    public async Task SendingHalf_WhereMemoryIsUsedUp_ReadsAShareAndThenWaitsForItsAck()
    {
        StreamBudget budget = new(mostBytes: 0, int.MaxValue, int.MaxValue);
        using SendingHalf half = new(_source, Window, budget);
        _source.Feed(100_000);
        long taken = 0;
        while (taken < 100_000)
        {
            using OutboundRange range = await half.TakeAsync(0, Window, CancellationToken.None).AsTask().Soon();
            Assert.InRange(range.Length, 1, StreamBudget.Share);
            taken += range.Length;

            using CancellationTokenSource limit = new();
            Task<OutboundRange> next = half.TakeAsync(0, Window, limit.Token).AsTask();
            Assert.False(next.IsCompleted);
            await limit.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
            half.Acknowledge(taken);
        }
    }

    [Fact]
    public async Task SendingHalf_AskedByMoreThanAllowed_RefusesTheLastOnly()
    {
        StreamBudget budget = new(long.MaxValue, mostAsking: 5, mostOfOne: 3);
        budget.Refused += _refused.Add;
        using SendingHalf half = new(_source, Window, budget);
        using SendingHalf other = new(new MemorySource(), Window, budget);
        using CancellationTokenSource limit = new();
        List<Task> asking = [.. Enumerable.Range(0, 3).Select(_ => half.TakeAsync(0, 1, limit.Token).AsTask())];

        await RequireTooManyAsync(half, "of the session");
        asking.AddRange([.. Enumerable.Range(0, 2).Select(_ => other.TakeAsync(0, 1, limit.Token).AsTask())]);
        await RequireTooManyAsync(other, "in all");

        Assert.Equal(["parked-session", "parked"], _refused);
        Assert.Equal(5, budget.Asking);
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asking));
        Assert.Equal(0, budget.Asking);
    }

    [Fact]
    public async Task ReceivingHalf_WithMoreWaitingThanAllowed_RefusesTheLastOnly()
    {
        StreamBudget budget = new(long.MaxValue, int.MaxValue, mostOfOne: 2);
        ReceivingHalf half = new(new MemorySink(), Window, budget);
        using CancellationTokenSource limit = new();
        Task[] waiting = [.. Enumerable.Range(1, 2).Select(offset => half.WaitForTurnAsync(offset, limit.Token).AsTask())];

        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => half.WaitForTurnAsync(3, limit.Token).AsTask());
        Assert.Equal(TunnelError.TooMany, refusal.Error);

        await half.ApplyAsync(0, new byte[1], limit.Token);
        await waiting[0].Soon();
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[1]);
    }

    private static async Task RequireTooManyAsync(SendingHalf half, string whose)
    {
        TunnelException refusal = await Assert.ThrowsAsync<TunnelException>(() => half.TakeAsync(0, 1, CancellationToken.None).AsTask());
        Assert.Equal(TunnelError.TooMany, refusal.Error);
        Assert.Contains(whose, refusal.Message, StringComparison.Ordinal);
    }
}
