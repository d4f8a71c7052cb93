using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Streaming;

public sealed class MomentTests
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Fact]
    public void Moment_OfWhatHasHappened_IsOver() => Assert.True(Moment.OfAsync(Task.CompletedTask, Long).IsCompletedSuccessfully);

    [Fact]
    public async Task Moment_EndsWithWhatIsAwaited_AlsoWhereThatFails()
    {
        TaskCompletionSource awaited = new();
        Task moment = Moment.OfAsync(awaited.Task, Long);
        Assert.False(moment.IsCompleted);

        awaited.SetException(new IOException());

        await moment.Soon();
        await Assert.ThrowsAsync<IOException>(() => awaited.Task);
    }

    [Fact]
    public async Task Moment_WhereNothingHappens_EndsBySelf()
    {
        TaskCompletionSource awaited = new();

        await Moment.OfAsync(awaited.Task, TimeSpan.FromMilliseconds(1)).Soon();

        awaited.SetResult(); // too late for anybody
    }
}
