using System.Diagnostics;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Streaming;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(60);

    [Fact]
    public async Task Deadline_WhenItsTimeIsOver_Cancels()
    {
        using Deadline deadline = new();
        long begun = Stopwatch.GetTimestamp();

        deadline.After(Soon);

        await Waiting.UntilAsync(() => deadline.IsOver, "the deadline comes");
        Assert.True(Stopwatch.GetElapsedTime(begun) > Soon - TimeSpan.FromMilliseconds(20)); // clocks tick
    }

    [Fact]
    public async Task Deadline_PutOff_ComesLater()
    {
        using Deadline deadline = new();
        long begun = Stopwatch.GetTimestamp();
        deadline.After(Soon);

        deadline.After(5 * Soon);

        await Waiting.UntilAsync(() => deadline.IsOver, "the deadline comes");
        Assert.True(Stopwatch.GetElapsedTime(begun) > 4 * Soon);
    }

    [Fact]
    public async Task Deadline_BroughtForward_ComesEarlier()
    {
        using Deadline deadline = new();
        deadline.After(TimeSpan.FromHours(1));
        deadline.After(TimeSpan.MaxValue);
        deadline.After(Timeout.InfiniteTimeSpan);

        deadline.After(Soon);

        await Waiting.UntilAsync(() => deadline.IsOver, "the deadline comes");
    }

    [Fact]
    public async Task Deadline_BroughtForwardWhileItsTimerFires_IsNotMissed()
    {
        for (int i = 0; i < 50; i++)
        {
            using Deadline deadline = new();
            deadline.After(TimeSpan.FromMilliseconds(1));
            deadline.After(TimeSpan.FromHours(1)); // the timer fires, and looks again
            await Task.Yield();
            deadline.After(TimeSpan.FromMilliseconds(1));

            await Waiting.UntilAsync(() => deadline.IsOver, "the deadline comes");
        }
    }

    [Fact]
    public void Cancellation_OfWhatItIsLinkedTo_IsItsOwn()
    {
        using CancellationTokenSource one = new();
        using Deadline deadline = new(one.Token, CancellationToken.None);

        one.Cancel();

        Assert.True(deadline.IsOver);
    }

    [Fact]
    public void Dispose_WhileItComes_ThrowsNothing()
    {
        for (int i = 0; i < 200; i++)
        {
            Deadline deadline = new();
            deadline.After(TimeSpan.Zero);
            deadline.Dispose();
            deadline.After(TimeSpan.Zero);
            deadline.Cancel();
        }
    }
}
