using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.Paths;

/// <summary>When the path is measured, with a clock and a path that the test plays.</summary>
public sealed class PathWatchTests : IAsyncLifetime
{
    private static readonly PathMeasurement Streams = new(true, true, TimeSpan.FromMilliseconds(1), null, "HTTP/1.1");
    private static readonly CarrierException Lost = new(CarrierFault.Lost, "");
    private static readonly CarrierException Overdue = new(CarrierFault.Lost, "", new OperationCanceledException());

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogs _logs = new();
    private readonly PathModes _path = PathModesTests.Path("auto");
    private readonly Channel<(bool Sizes, TaskCompletionSource<PathMeasurement> Answer)> _probes =
        Channel.CreateUnbounded<(bool, TaskCompletionSource<PathMeasurement>)>();

    private readonly PathWatch _watch;

    public PathWatchTests() => _watch = new PathWatch(MeasureAsync, _path, _time, _logs.CreateLogger<PathWatch>());

    public async ValueTask InitializeAsync() => await _watch.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _watch.StopAsync(CancellationToken.None).Soon();
        _watch.Dispose();
    }

    [Fact]
    public async Task Start_MeasuresSizesToo_AndPromotes()
    {
        Assert.True(await AnswerAsync(Streams));

        await Waiting.UntilAsync(() => _path.Terms is { Send: ChannelMode.Stream, Receive: ChannelMode.Stream }, "the sessions may stream");
    }

    [Fact]
    public async Task Trouble_OnAPathThatStreams_IsMeasuredAgainAfterTwoSecondsEachTime()
    {
        await AnswerAsync(Streams);
        for (int i = 0; i < 5; i++)
        {
            await PromotedAsync();
            _path.Failed(Lost);
            Assert.Equal(ChannelMode.Burst, _path.Terms.Send);
            Assert.InRange(await UntilProbedAsync(), 2, 3);
            Assert.False(await AnswerAsync(Streams));
        }

        await PromotedAsync();
    }

    [Fact]
    public async Task Trouble_OfAnswersHeldBack_IsMeasuredAgainLaterAndLater()
    {
        await AnswerAsync(Streams);
        List<int> pauses = [];
        for (int i = 0; i < 3; i++)
        {
            await PromotedAsync();
            _path.Failed(Overdue);
            pauses.Add(await UntilProbedAsync());
            await AnswerAsync(Streams);
        }

        Assert.InRange(pauses[0], 4, 5);
        Assert.InRange(pauses[1], 8, 9);
        Assert.InRange(pauses[2], 16, 17);
    }

    [Fact]
    public async Task Start_WhereNothingAnswers_IsTriedLaterAndLater()
    {
        int before = 0;
        for (int i = 0; i < 4; i++)
        {
            await FailAsync();
            int pause = await UntilProbedAsync();
            Assert.True(pause > before, $"{pause} after {before}");
            before = pause;
        }

        Assert.True(await AnswerAsync(Streams)); // the sizes are still to be measured
        await PromotedAsync();
    }

    [Fact]
    public async Task Outage_IsToldOnce_AndSoIsItsEnd()
    {
        await AnswerAsync(Streams);
        await PromotedAsync();
        _path.Failed(Lost);
        for (int i = 0; i < 3; i++)
        {
            await UntilProbedAsync();
            await FailAsync();
        }

        await UntilProbedAsync();
        Assert.Single(_logs.Lines, line => line.Contains(" 1024 ", StringComparison.Ordinal));
        await AnswerAsync(Streams);

        await Waiting.UntilAsync(() => _logs.Lines.Count(line => line.Contains(" 1020 ", StringComparison.Ordinal)) == 2, "it is told that the path is as before");
    }

    [Fact]
    public async Task Refusal_ForItsSize_MeasuresSizesAgain()
    {
        await AnswerAsync(Streams);
        await PromotedAsync();
        _path.Failed(new CarrierException(CarrierFault.TooLarge, ""));

        await UntilProbedAsync();

        Assert.True(await AnswerAsync(Streams with { LargestBody = 65536 }));
        await Waiting.UntilAsync(() => _path.Terms.LargestBody == 65536, "all sessions know");
    }

    [Fact]
    public async Task Path_ThatHoldsBack_IsLookedAtAgainAfterAWhile()
    {
        await AnswerAsync(Streams with { SendStreams = false });

        Assert.InRange(await UntilProbedAsync(), 300, 310); // the watch may begin to wait a step later
    }

    private Task PromotedAsync() => Waiting.UntilAsync(() => _path.Terms.Send == ChannelMode.Stream, "the sessions may stream");

    private async Task<PathMeasurement> MeasureAsync(bool sizes, CancellationToken cancellationToken)
    {
        TaskCompletionSource<PathMeasurement> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _probes.Writer.WriteAsync((sizes, answer), cancellationToken);
        return await answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Answers the next probe; returns whether it measures sizes.</summary>
    private async Task<bool> AnswerAsync(PathMeasurement found)
    {
        (bool sizes, TaskCompletionSource<PathMeasurement> answer) = await _probes.Reader.ReadAsync().Soon();
        answer.SetResult(found);
        return sizes;
    }

    private async Task FailAsync() => (await _probes.Reader.ReadAsync().Soon()).Answer.SetException(Lost);

    /// <summary>Lets time go on until the path is probed; returns the seconds.</summary>
    private async Task<int> UntilProbedAsync()
    {
        int seconds = 0;
        while (!await ProbedSoonAsync())
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(++seconds < 1000, "the path is not measured again");
        }

        return seconds;
    }

    /// <summary>Whether a probe begins while the clock stands.</summary>
    private async Task<bool> ProbedSoonAsync()
    {
        using CancellationTokenSource moment = new(TimeSpan.FromMilliseconds(15));
        try
        {
            return await _probes.Reader.WaitToReadAsync(moment.Token);
        }
        catch (OperationCanceledException)
        {
            return false; // not yet
        }
    }
}
