using System.Collections.Concurrent;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Carriers;

/// <summary>Which messages may share a connection.</summary>
public sealed class BriefMessageTests : IDisposable
{
    private const int Whole = 4 * 1024 * 1024;

    private static readonly SessionLimits Limits = SessionLimits.Default;

    private readonly MemorySource _source = new();
    private readonly MemorySink _sink = new();
    private readonly SendingHalf _sending;
    private readonly ReceivingHalf _receiving;
    private readonly SessionLife _life = new(CancellationToken.None);
    private readonly NotingCarrier _carrier = new();
    private readonly StandingClock _clock = new();

    public BriefMessageTests()
    {
        _sending = new SendingHalf(_source, Limits.Window);
        _receiving = new ReceivingHalf(_sink, Limits.Window);
    }

    public void Dispose()
    {
        _sending.Dispose();
        _life.Dispose();
    }

    [Fact]
    public async Task Sends_InStream_AreBriefWhileLittleFlows_AndWholeInATransfer()
    {
        Task running = Send(ChannelMode.Stream);
        await FeedAsync(20, 100);
        Assert.All(_carrier.Writes, write => Assert.True(write.Brief));

        await FeedAsync(1, Whole);
        Assert.Contains(_carrier.Writes, write => !write.Brief && write.Length > ChannelSettings.BriefBytes);
        Assert.All(_carrier.Writes.Where(write => write.Brief), write => Assert.InRange(write.Length, 0, ChannelSettings.BriefBytes));
        Assert.False(_carrier.Writes.Last().Brief);

        await FeedAsync(100, 100);
        Assert.True(_carrier.Writes.Last().Brief);
        await EndAsync(running);
    }

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    public async Task Sends_InOtherModes_AreNeverBrief(ChannelMode mode)
    {
        Task running = Send(mode);
        await FeedAsync(20, 100);
        await FeedAsync(1, Whole);

        Assert.All(_carrier.Writes, write => Assert.False(write.Brief));
        await EndAsync(running);
    }

    [Fact]
    public async Task Send_ThatIsRepeated_IsNotBrief_NorAreThoseThatFollow()
    {
        Task running = Send(ChannelMode.Stream);
        await FeedAsync(1, 100);
        _carrier.Fail(1);

        await FeedAsync(3, 100);

        (long Offset, int Length, bool Brief)[] writes = [.. _carrier.Writes];
        Assert.Equal([(0, true), (100, true), (100, false)], writes[..3].Select(write => (write.Offset, write.Brief)));
        Assert.All(writes[3..], write => Assert.False(write.Brief));

        _clock.Advance(TimeSpan.FromSeconds(11));
        await FeedAsync(2, 100); // the next one waits already, as what it is
        Assert.True(_carrier.Writes.Last().Brief);
        await EndAsync(running);
    }

    [Fact]
    public async Task Receives_InStream_AreBriefWhileLittleFlows_AndWholeInATransfer()
    {
        const int Small = 20, Large = 20, After = 200;
        await ReceiveAsync(ChannelMode.Stream, [.. Enumerable.Repeat(100, Small), .. Enumerable.Repeat(int.MaxValue, Large), .. Enumerable.Repeat(100, After)]);

        (int Most, bool Brief)[] reads = [.. _carrier.Reads];
        int whole = ChannelSettings.For(ChannelMode.Stream, Limits).MaxBytes;
        Assert.All(reads, read => Assert.Equal(read.Brief ? ChannelSettings.BriefBytes : whole, read.Most));
        Assert.All(reads[..Small], read => Assert.True(read.Brief));
        Assert.All(reads[(Small + 4)..(Small + Large)], read => Assert.False(read.Brief)); // those that were asked for before are as they were
        Assert.True(reads[Small + Large + After - 1].Brief);
    }

    [Theory]
    [InlineData(ChannelMode.Poll)]
    [InlineData(ChannelMode.Burst)]
    public async Task Receives_InOtherModes_AreNeverBrief(ChannelMode mode)
    {
        await ReceiveAsync(mode, [.. Enumerable.Repeat(100, 20), .. Enumerable.Repeat(int.MaxValue, 5)]);

        int whole = ChannelSettings.For(mode, Limits).MaxBytes;
        Assert.All(_carrier.Reads, read => Assert.Equal((whole, false), read));
    }

    [Fact]
    public async Task Receives_AfterAFailure_AreNotBrief()
    {
        _carrier.FailRead(5);
        await ReceiveAsync(ChannelMode.Stream, [.. Enumerable.Repeat(100, 20)]);

        Assert.All(_carrier.Reads.Take(5), read => Assert.True(read.Brief));
        Assert.All(_carrier.Reads.Skip(5), read => Assert.False(read.Brief));
    }

    [Fact]
    public void Message_OfSmallerLimits_KeepsThem()
    {
        ChannelSettings settings = new(ChannelMode.Stream, 1000, 2, TimeSpan.FromSeconds(1));

        Assert.Equal((1000, true), settings.Message(light: true));
        Assert.Equal((1000, false), settings.Message(light: false));
    }

    private Task Send(ChannelMode mode)
    {
        SendChannel channel = new(_sending, _receiving, _carrier, ChannelControl.Up(Limits, Fixed(mode)), new RetryClock(Limits.Grace, _clock));
        return channel.RunAsync(default, null, _life);
    }

    /// <summary>Receives parts of these lengths, or as much as was asked for, to the end of the stream.</summary>
    private async Task ReceiveAsync(ChannelMode mode, int[] lengths)
    {
        _carrier.Brings(lengths);
        ReceiveChannel channel = new(_receiving, _carrier, ChannelControl.Down(Limits, Fixed(mode)), new RetryClock(Limits.Grace, _clock));
        await channel.RunAsync(null, _life).Soon();
        Assert.Null(_life.Failure);
    }

    /// <summary>Feeds one part after the other, each once the one before has been acknowledged.</summary>
    private async Task FeedAsync(int parts, int length)
    {
        for (int i = 0; i < parts; i++)
        {
            _source.Feed(length);
            await Waiting.UntilAsync(() => _sending.Acknowledged == _source.Fed, "it is acknowledged");
        }
    }

    private async Task EndAsync(Task running)
    {
        _source.End();
        await running.Soon();
        Assert.Null(_life.Failure);
    }

    private static Func<PathTerms> Fixed(ChannelMode mode)
    {
        PathTerms terms = new(mode, mode);
        return () => terms;
    }

    /// <summary>Tells the time that the test says; waits are real.</summary>
    private sealed class StandingClock : TimeProvider
    {
        private long _now = System.GetTimestamp();

        public override long GetTimestamp() => Volatile.Read(ref _now);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _now, (long)(time.TotalSeconds * TimestampFrequency));
    }

    /// <summary>Takes all, brings what it is told to, and notes what it was asked.</summary>
    private sealed class NotingCarrier : ICarrier
    {
        private readonly Lock _lock = new();
        private readonly Queue<int> _lengths = [];
        private long _brought;
        private int _failing;
        private int _failingRead = -1;

        public ConcurrentQueue<(long Offset, int Length, bool Brief)> Writes { get; } = new();

        public ConcurrentQueue<(int Most, bool Brief)> Reads { get; } = new();

        public void Fail(int writes) => _failing = writes;

        public void FailRead(int number) => _failingRead = number;

        public void Brings(int[] lengths) => Array.ForEach(lengths, _lengths.Enqueue);

        public Task<WriteAnswer> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
        {
            Writes.Enqueue((request.Offset, (int)request.Bytes.Length, request.Brief));
            return Interlocked.Decrement(ref _failing) >= 0
                ? Task.FromException<WriteAnswer>(new CarrierException(CarrierFault.Lost, "lost on purpose"))
                : Task.FromResult(new WriteAnswer(request.Offset + request.Bytes.Length, null));
        }

        public async Task<ReadAnswer> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            lock (_lock)
            {
                Reads.Enqueue((request.MaxBytes, request.Brief));
                if (Reads.Count == _failingRead)
                {
                    throw new CarrierException(CarrierFault.Lost, "lost on purpose");
                }

                long from = _brought;
                int length = _lengths.TryDequeue(out int next) ? Math.Min(next, request.MaxBytes) : 0;
                _brought += length;
                return new ReadAnswer(from, _lengths.Count == 0 ? _brought : null, length, new MemoryStream(Pattern.Bytes(from, length)));
            }
        }

        public Task EndAsync(string reason, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
