using TunnelAspire.Agent.Sessions;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.Sessions;

public sealed class FirstBytesTests : IDisposable
{
    private readonly StreamBudget _budget = new();
    private readonly MemorySource _source = new();
    private readonly SendingHalf _sending;

    public FirstBytesTests() => _sending = new SendingHalf(_source, 1000, _budget);

    public void Dispose() => _sending.Dispose();

    [Fact]
    public async Task FirstBytes_ThatAreThere_AreBrought()
    {
        _source.Feed(10);

        FirstBytes first = await FirstBytes.TakeAsync(_sending, CancellationToken.None).Soon();

        Assert.Equal((10, null), (first.Brought.Length, first.Coming));
        first.Drop();
    }

    [Fact]
    public async Task FirstBytes_OfAClientThatWaits_AreTakenOnceTheyCome()
    {
        FirstBytes first = await FirstBytes.TakeAsync(_sending, CancellationToken.None).Soon();
        Assert.Equal(0, first.Brought.Length);
        Assert.NotNull(first.Coming);

        _source.Feed(10);

        using OutboundRange range = await first.Coming.Soon();
        Assert.Equal((0, 10), (range.Offset, range.Length));
    }

    [Fact]
    public async Task Drop_OfBytesThatAreStillToCome_LetsGoOfThem()
    {
        FirstBytes first = await FirstBytes.TakeAsync(_sending, CancellationToken.None).Soon();
        first.Drop();
        _source.Feed(10);
        await Waiting.UntilAsync(() => _sending.Next == 10, "they come");

        _sending.Dispose();

        await Waiting.UntilAsync(() => _budget.Bytes == 0, "nobody holds them");
    }
}
