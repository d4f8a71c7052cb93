using Microsoft.Extensions.Options;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Agent.Paths;

public sealed class PathModesTests
{
    private static readonly PathMeasurement Streams = new(true, true, TimeSpan.FromMilliseconds(1), null, "HTTP/1.1");
    private static readonly CarrierException Lost = new(CarrierFault.Lost, "");

    private readonly PathModes _path = Path("auto");

    internal static PathModes Path(string mode) => new(Options.Create(new AgentOptions { Mode = mode }), TimeProvider.System);

    [Fact]
    public void Terms_AtFirst_AreWhatWorksAnywhere() => Assert.Equal((ChannelMode.Burst, ChannelMode.Burst), (_path.Terms.Send, _path.Terms.Receive));

    [Theory]
    [InlineData(true, true, ChannelMode.Stream, ChannelMode.Stream)]
    [InlineData(false, true, ChannelMode.Burst, ChannelMode.Stream)]
    [InlineData(true, false, ChannelMode.Stream, ChannelMode.Burst)]
    public void Measured_ChoosesForEachDirection(bool up, bool down, ChannelMode send, ChannelMode receive)
    {
        _path.Measured(Streams with { SendStreams = up, ReceiveStreams = down });

        Assert.Equal((send, receive), (_path.Terms.Send, _path.Terms.Receive));
    }

    [Theory]
    [InlineData("poll", ChannelMode.Poll)]
    [InlineData("burst", ChannelMode.Burst)]
    [InlineData("stream", ChannelMode.Stream)]
    public void Measured_OfAFixedMode_LeavesIt(string mode, ChannelMode meant)
    {
        PathModes path = Path(mode);

        path.Measured(Streams with { SendStreams = false, LargestBody = 5000 });
        path.Failed(Lost);

        Assert.Equal(new PathTerms(meant, meant) { LargestBody = 5000 }, path.Terms);
    }

    [Fact]
    public void Measured_OfALongRoundTrip_PutsMoreInFlight()
    {
        _path.Measured(Streams with { RoundTrip = TimeSpan.FromMilliseconds(100) });
        Assert.Equal(ChannelSettings.ManyInFlight, _path.Terms.InFlight);

        _path.Measured(Streams);
        Assert.Equal(ChannelSettings.FewInFlight, _path.Terms.InFlight);
    }

    [Fact]
    public void Measured_WithoutSizes_KeepsWhatWasLearned()
    {
        _path.Measured(Streams with { LargestBody = 8192 });
        _path.Measured(Streams);

        Assert.Equal(8192, _path.Terms.LargestBody);
    }

    [Fact]
    public void Failed_GoesBackAtOnce_AndIsTold()
    {
        _path.Measured(Streams);

        _path.Failed(Lost);

        Assert.Equal((ChannelMode.Burst, ChannelMode.Burst), (_path.Terms.Send, _path.Terms.Receive));
        Assert.True(_path.Troubles.TryRead(out PathTrouble trouble));
        Assert.Equal(PathTrouble.Failure, trouble);
    }

    [Fact]
    public void Failed_ForItsSize_LeavesTheModes()
    {
        _path.Measured(Streams);

        _path.Failed(new CarrierException(CarrierFault.TooLarge, ""));

        Assert.Equal(ChannelMode.Stream, _path.Terms.Send);
        Assert.True(_path.Troubles.TryRead(out PathTrouble trouble));
        Assert.Equal(PathTrouble.TooLarge, trouble);
    }

    [Fact]
    public void Failed_WithARelaysAnswer_SaysNothingOfThePath()
    {
        _path.Measured(Streams);

        _path.Failed(new TunnelException(TunnelError.ConnectorUnreachable, ""));

        Assert.Equal(ChannelMode.Stream, _path.Terms.Send);
        Assert.False(_path.Troubles.TryRead(out _));
    }

    [Fact]
    public void Terms_WhileNothingChanges_AreTheSameObject()
    {
        _path.Measured(Streams);
        PathTerms before = _path.Terms;

        _path.Measured(Streams);

        Assert.Same(before, _path.Terms);
    }
}
