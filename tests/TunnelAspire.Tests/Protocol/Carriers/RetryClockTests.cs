using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Carriers;

public sealed class RetryClockTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(120);
    private static readonly CarrierException Lost = new(CarrierFault.Lost, "the cable is cut");
    private static readonly TunnelException Unknown = new(TunnelError.SessionUnknown, "no such session");

    private readonly FakeTimeProvider _time = new();
    private readonly List<Exception> _retried = [];
    private readonly RetryClock.Failures _failures = new();
    private readonly RetryClock _clock;

    public RetryClockTests() => _clock = new RetryClock(Grace, _time, _retried.Add);

    public static TheoryData<TunnelError> Final => [.. Enum.GetValues<TunnelError>().Where(error => error.Kind() == TunnelErrorKind.Final)];

    public static TheoryData<TunnelError> Retry => [.. Enum.GetValues<TunnelError>().Where(error => error.Kind() == TunnelErrorKind.Retry)];

    [Theory]
    [MemberData(nameof(Final))]
    public async Task Pause_AfterAFinalError_ThrowsItAtOnce(TunnelError error)
    {
        TunnelException failure = new(error, "it is over");

        Assert.Same(failure, await Assert.ThrowsAsync<TunnelException>(() => Pause(failure)));

        Assert.False(RetryClock.CanRetry(failure));
        Assert.Empty(_retried);
    }

    [Theory]
    [MemberData(nameof(Retry))]
    public async Task Pause_AfterAnErrorThatMayPass_Waits(TunnelError error)
    {
        TunnelException failure = new(error, "not now");

        await PassAsync(failure);

        Assert.True(RetryClock.CanRetry(failure));
        Assert.Same(failure, Assert.Single(_retried));
    }

    [Theory]
    [InlineData(CarrierFault.Lost)]
    [InlineData(CarrierFault.Foreign)]
    [InlineData(CarrierFault.TooLarge)]
    [InlineData(CarrierFault.Barred)]
    public void CanRetry_AfterACarriersFault_IsTrue(CarrierFault fault) => Assert.True(RetryClock.CanRetry(new CarrierException(fault, "")));

    [Fact]
    public void CanRetry_AfterAnyOtherException_IsFalse() => Assert.False(RetryClock.CanRetry(new OperationCanceledException()));

    [Fact]
    public async Task Pause_RepeatedInARow_DoublesUpToASecond()
    {
        foreach (int milliseconds in (int[])[20, 40, 80, 160, 320, 640, 1000, 1000, 1000])
        {
            Task pause = Pause(Lost);
            _time.Advance(TimeSpan.FromMilliseconds((milliseconds / 2) - 1));
            Assert.False(pause.IsCompleted);

            _time.Advance(TimeSpan.FromMilliseconds((milliseconds / 2) + 1));
            await pause.Soon();
        }
    }

    [Fact]
    public async Task Pause_AfterAReset_IsShortAgain()
    {
        for (int i = 0; i < 10; i++)
        {
            await PassAsync(Lost);
        }

        _failures.Reset();
        Assert.Equal(0, _failures.Count);
        Task pause = Pause(Lost);
        _time.Advance(TimeSpan.FromMilliseconds(20));

        await pause.Soon();
    }

    [Fact]
    public async Task Pause_AfterTheGraceTimeOfFailures_SaysThatTheSessionIsGone()
    {
        await PassAsync(Lost);
        _time.Advance(Grace - TimeSpan.FromSeconds(1));
        await PassAsync(Lost);
        _time.Advance(TimeSpan.FromSeconds(1));

        TunnelException end = await Assert.ThrowsAsync<TunnelException>(() => Pause(Lost));

        Assert.Equal(TunnelError.SessionGone, end.Error);
        Assert.Same(Lost, end.InnerException);
        Assert.Contains(Lost.Message, end.Message, StringComparison.Ordinal);
        Assert.Equal(2, _retried.Count);
    }

    [Fact]
    public async Task Pause_AfterAResetWithinTheGraceTime_BeginsANewRow()
    {
        await PassAsync(Lost);
        _time.Advance(Grace - TimeSpan.FromSeconds(1));
        _failures.Reset();
        await PassAsync(Lost);
        _time.Advance(Grace - TimeSpan.FromSeconds(1));

        await PassAsync(Lost);
    }

    [Fact]
    public async Task Pause_AfterThirtySecondsOfAnUnknownSession_SaysThatItIsGone()
    {
        await PassAsync(Unknown);
        _time.Advance(RetryClock.UnknownPatience - TimeSpan.FromSeconds(1));
        await PassAsync(Unknown);
        _time.Advance(TimeSpan.FromSeconds(1));

        TunnelException end = await Assert.ThrowsAsync<TunnelException>(() => Pause(Unknown));

        Assert.Equal(TunnelError.SessionGone, end.Error);
        Assert.Same(Unknown, end.InnerException);
        Assert.True(RetryClock.UnknownPatience < Grace);
    }

    [Fact]
    public async Task Pause_WhereTheSessionIsNotUnknownAllTheTime_GoesOn()
    {
        await PassAsync(Unknown);
        _time.Advance(RetryClock.UnknownPatience - TimeSpan.FromSeconds(1));
        await PassAsync(Lost);
        _time.Advance(RetryClock.UnknownPatience - TimeSpan.FromSeconds(1));

        await PassAsync(Unknown);
    }

    [Fact]
    public async Task Pause_OfTwoExchanges_CountsThemApart()
    {
        await PassAsync(Lost);
        _time.Advance(Grace + TimeSpan.FromSeconds(1));

        Task pause = _clock.PauseAsync(Lost, new RetryClock.Failures(), CancellationToken.None);
        _time.Advance(TimeSpan.FromMilliseconds(20));

        await pause.Soon();
    }

    [Fact]
    public async Task Pause_WhenTheSessionEnds_EndsWithIt()
    {
        using CancellationTokenSource over = new();
        Task pause = _clock.PauseAsync(Lost, _failures, over.Token);
        await over.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pause.Soon());
    }

    [Fact]
    public void SinceRequest_IsTheTimeSinceTheLast()
    {
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), _clock.SinceRequest);

        _clock.RequestSent();
        Assert.Equal(TimeSpan.Zero, _clock.SinceRequest);
    }

    private Task Pause(Exception failure) => _clock.PauseAsync(failure, _failures, CancellationToken.None);

    /// <summary>A pause that ends, within its second.</summary>
    private async Task PassAsync(Exception failure)
    {
        Task pause = Pause(failure);
        _time.Advance(TimeSpan.FromSeconds(1));
        await pause.Soon();
    }
}
