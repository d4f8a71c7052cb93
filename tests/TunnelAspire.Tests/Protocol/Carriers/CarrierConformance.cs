using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Carriers;

/// <summary>What every carrier must pass: whole streams in both directions at once, whatever befalls its messages (claims 28–30).</summary>
public abstract class CarrierConformance
{
    private const int Length = 2_000_003;

    private static readonly SessionLimits Limits = new(Window: 256 * 1024, MaxBody: 32 * 1024, Hold: TimeSpan.FromMilliseconds(300), Grace: TimeSpan.FromSeconds(20));

    /// <summary>Opens a session with a second component whose target is <paramref name="source"/> and <paramref name="sink"/>.</summary>
    protected abstract Task<ICarrier> ConnectAsync(IByteSource source, IByteSink sink, SessionLimits limits);

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    [InlineData(ChannelMode.Stream)]
    public Task Streams_OverACarrierWithoutFaults_ArriveWhole(ChannelMode mode) => CarryAsync(mode, Faults.None);

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    [InlineData(ChannelMode.Stream)]
    public Task Streams_OverACarrierThatLoses_ArriveWhole(ChannelMode mode) => CarryAsync(mode, Faults.Lose);

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    [InlineData(ChannelMode.Stream)]
    public Task Streams_OverACarrierThatRepeats_ArriveWhole(ChannelMode mode) => CarryAsync(mode, Faults.Repeat);

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    [InlineData(ChannelMode.Stream)]
    public Task Streams_OverACarrierThatDelaysAndReorders_ArriveWhole(ChannelMode mode) => CarryAsync(mode, Faults.Delay);

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    [InlineData(ChannelMode.Stream)]
    public Task Streams_OverACarrierThatTruncates_ArriveWhole(ChannelMode mode) => CarryAsync(mode, Faults.Truncate);

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    [InlineData(ChannelMode.Stream)]
    public Task Streams_OverACarrierThatDoesItAll_ArriveWhole(ChannelMode mode) => CarryAsync(mode, Faults.All);

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    [InlineData(ChannelMode.Stream)]
    public async Task Stream_WhereAnAnswerWentAstray_IsMendedThoughNoBytesFollow(ChannelMode mode)
    {
        MemorySource source = new();
        ICarrier carrier = await ConnectAsync(source, new MemorySink(), Limits);
        source.Feed(1000);
        await (await carrier.ReadAsync(new ReadRequest(0, 0, 1000, Limits.Hold), CancellationToken.None).Soon()).DisposeAsync();
        await using FirstComponent first = new(carrier, mode, Limits);

        first.Start();

        await Waiting.UntilAsync(() => first.Sink.Written == 1000, "the answer has come again");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    public async Task Streams_WhileTheirModesChange_ArriveWhole(int faults)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        ChannelMode Any() => (ChannelMode)random.Next(3);
        PathTerms Next()
        {
            lock (random)
            {
                return new PathTerms(Any(), Any()) { InFlight = 1 + random.Next(8), LargestBody = 4096 + random.Next(Limits.MaxBody), Hold = TimeSpan.FromMilliseconds(50 + random.Next(300)) };
            }
        }

        try
        {
            await CarryAsync((Faults)faults, seed, Next, holes: 1); // other terms each time that somebody asks
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}, {(Faults)faults}: {e}");
        }
    }

    private async Task CarryAsync(ChannelMode mode, Faults faults)
    {
        int seed = Random.Shared.Next();
        PathTerms terms = new(mode, mode);
        try
        {
            await CarryAsync(faults, seed, () => terms, holes: mode == ChannelMode.Poll ? 20 : 1);
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}, {mode}, {faults}: {e}");
        }
    }

    private async Task CarryAsync(Faults faults, int seed, Func<PathTerms> path, int holes)
    {
        MemorySource source = new();
        MemorySink sink = new(mostPerWrite: 7919);
        FaultyCarrier carrier = new(await ConnectAsync(source, sink, Limits), faults, seed, holes);
        await using FirstComponent first = new(carrier, Limits, path);

        first.Start();
        Task ended = first.EndedAsync();
        await Task.WhenAny(ended, Task.WhenAll(FeedAsync(first.Source, sink), FeedAsync(source, first.Sink)));
        try
        {
            await ended.Soon();
        }
        catch (TimeoutException)
        {
            Assert.Fail($"stuck; {first}; at the target: {source.Taken} of {source.Fed} taken, {sink.Written} written");
        }

        RequireWhole(sink);
        RequireWhole(first.Sink);
        await carrier.SettleAsync();
        await carrier.EndAsync("eof", CancellationToken.None).Soon();
        foreach (Faults fault in Enum.GetValues<Faults>().Where(fault => fault is not (Faults.None or Faults.All) && faults.HasFlag(fault)))
        {
            Assert.True(carrier.Made(fault) > 0, $"{fault} has never happened");
        }
    }

    /// <summary>Two halves, with silence between them: what is missing must show without bytes that follow.</summary>
    private static async Task FeedAsync(MemorySource source, MemorySink sink)
    {
        source.Feed(Length / 2);
        await Waiting.UntilAsync(() => sink.Written == Length / 2, "the first half has arrived");
        source.Feed(Length - (Length / 2));
        source.End();
    }

    private static void RequireWhole(MemorySink sink)
    {
        Assert.Equal(Length, sink.Written);
        Assert.Equal(Length, sink.FinishedAt);
        Assert.Equal(1, sink.Finishes);
    }
}
