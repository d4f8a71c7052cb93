using System.Buffers;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Claims;

/// <summary>The claims to the letter, in poll mode, on a carrier that is a mere call (claims 28–30). Claims 8 and 9 are HTTP's.</summary>
public sealed class CarrierClaimsTests : IAsyncDisposable
{
    private readonly MemorySource _target = new();
    private readonly MemorySink _targetSink = new();
    private readonly SessionEnd _second;
    private readonly RecordingCarrier _carrier;
    private readonly FirstComponent _first;

    public CarrierClaimsTests()
    {
        SessionLimits limits = SessionLimits.Default;
        _second = new SessionEnd(new SendingHalf(_target, limits.Window), new ReceivingHalf(_targetSink, limits.Window));
        _carrier = new RecordingCarrier(new MemoryCarrier(_second, limits.Hold));
        _first = new FirstComponent(_carrier, ChannelMode.Poll, limits);
    }

    private MemorySource Client => _first.Source;

    private MemorySink ClientSink => _first.Sink;

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        _second.Dispose();
    }

    [Fact]
    public async Task Claim01_BytesOfTheClientAndOfTheTarget_CrossByTwoChannels()
    {
        _first.Start();
        Client.Feed(1000);
        _target.Feed(2000);

        await Waiting.UntilAsync(() => _targetSink.Written == 1000 && ClientSink.Written == 2000, "both have what the other sent");

        Assert.Equal(Pattern.Bytes(0, 1000), _carrier.Writes.SelectMany(write => write.Bytes));
        Assert.Equal(Pattern.Bytes(0, 2000), _carrier.Reads.SelectMany(read => read.Bytes));
    }

    [Fact]
    public async Task Claim02_AWriteRequest_CarriesTheClientsBytesAndTheSecondComponentForwardsThem()
    {
        _first.Start();
        Client.Feed(1000);

        await Waiting.UntilAsync(() => _targetSink.Written == 1000, "the target has them");

        RecordingCarrier.Exchange write = Assert.Single(_carrier.Writes);
        Assert.Equal(0, write.Offset);
        Assert.Equal(Pattern.Bytes(0, 1000), write.Bytes);
    }

    [Fact]
    public async Task Claim03_TheAnswerToAWriteRequest_IsTheAcknowledgement()
    {
        TaskCompletionSource held = _carrier.HoldAnswers();
        _first.Start();
        Client.Feed(1000);
        await Waiting.UntilAsync(() => _targetSink.Written == 1000, "the target has them");
        Assert.Equal(0, _first.Sending.Acknowledged);
        Assert.Equal(1000, _first.Sending.Sent);

        held.SetResult();

        await Waiting.UntilAsync(() => _first.Sending.Acknowledged == 1000, "the sender lets go of them");
        Assert.Equal(1000, Assert.Single(_carrier.Writes).Answer);
    }

    [Fact]
    public async Task Claim04_AWriteRequest_IsMadeUponClientBytesAndClosedUponItsAcknowledgement()
    {
        _first.Start();
        await Waiting.UntilAsync(() => _carrier.OpenReads == 1, "the channels run");
        Assert.Empty(_carrier.Writes);

        for (int i = 1; i <= 3; i++)
        {
            Client.Feed(1000);
            await Waiting.UntilAsync(() => _first.Sending.Acknowledged == i * 1000, "the acknowledgement");
            Assert.Equal(i, _carrier.Writes.Count);
            Assert.Equal(0, _carrier.OpenWrites);
        }

        Assert.Equal(1, _carrier.MostOpenWrites);
    }

    [Fact]
    public async Task Claim05_AReadRequest_IsAnsweredWithTheTargetsBytes()
    {
        _first.Start();
        await Waiting.UntilAsync(() => _carrier.OpenReads == 1, "the first component asks");
        Assert.Equal(0, ClientSink.Written);

        _target.Feed(1000);
        await Waiting.UntilAsync(() => ClientSink.Written == 1000, "the client has them");

        RecordingCarrier.Exchange read = _carrier.Reads.First();
        Assert.Equal(0, read.Offset);
        Assert.Equal(Pattern.Bytes(0, 1000), read.Bytes);
    }

    [Fact]
    public async Task Claim06_TheTarget_IsReadBecauseOfAReadRequestAndTheResultIsItsAnswer()
    {
        _target.Feed(1000);
        await _carrier.WriteAsync(new WriteRequest(0, new ReadOnlySequence<byte>(Pattern.Bytes(0, 10)), null, 0), CancellationToken.None).Soon();
        Assert.Equal((0, 0L), (_target.Reads, _target.Taken));

        await using ReadAnswer answer = await _carrier.ReadAsync(new ReadRequest(0, 0, 300, TimeSpan.FromSeconds(10)), CancellationToken.None).Soon();

        Assert.Equal(Pattern.Bytes(0, 300), Assert.Single(_carrier.Reads).Bytes);
        Assert.Equal((1, 300L), (_target.Reads, _target.Taken));
    }

    [Fact]
    public async Task Claim07_TheNextReadRequest_IsArmedUponReceiptOfTheAnswerBefore()
    {
        TaskCompletionSource held = _carrier.HoldAnswers();
        _first.Start();
        _target.Feed(1000);
        await Waiting.UntilAsync(() => _target.Taken == 1000, "the answer is on its way");
        _target.Feed(1000);
        Assert.Single(_carrier.Reads);
        Assert.Equal(1000, _target.Taken);

        held.SetResult();

        await Waiting.UntilAsync(() => _carrier.Reads.Count == 3 && _carrier.OpenReads == 1, "two answers are there and the third is asked for");
        Assert.Equal([0, 1000, 2000], _carrier.Reads.Select(read => read.Ack));
        Assert.Equal(1, _carrier.MostOpenReads);
    }

    [Fact]
    public async Task Claim28_ASession_NeedsNoHttp()
    {
        _first.Start();
        Client.Feed(100_000);
        Client.End();
        await _targetSink.Finished.Soon();
        _target.Feed(_targetSink.Written);
        _target.End();

        await _first.EndedAsync().Soon();

        Assert.Equal(100_000, _targetSink.FinishedAt);
        Assert.Equal(100_000, ClientSink.FinishedAt);
        Assert.DoesNotContain(typeof(ICarrier).Assembly.GetReferencedAssemblies(), assembly => assembly.Name!.Contains("Http", StringComparison.Ordinal));
    }
}
