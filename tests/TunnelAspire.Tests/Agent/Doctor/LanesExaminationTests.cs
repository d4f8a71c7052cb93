using TunnelAspire.Agent.Doctor;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Http1;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class LanesExaminationTests
{
    [Fact]
    public void Judge_RoundTripOnASharedConnection_Passes()
    {
        LanesFinding found = LanesExamination.Judge(new SharingTrial(TimeSpan.FromMilliseconds(0.31), null));

        Assert.Equal(new LanesFinding(true, 0.31, null, true), found);
        Assert.Equal([new Line(Mark.Good, "Lanes", "pass: requests can share a connection; a round trip on it takes 0.31 ms")], found.Lines());
    }

    [Fact]
    public void Judge_Obstacle_IsWorthANote()
    {
        LanesFinding found = LanesExamination.Judge(new SharingTrial(null, "the request is answered with 404"));

        Assert.Equal(new LanesFinding(false, null, "the request is answered with 404", true), found);
        Assert.Equal([new Line(Mark.Note, "Lanes", "do not pass: the request is answered with 404")], found.Lines());
    }

    [Fact]
    public void Lines_WhereTheAgentDoesWithout_AreGood() =>
        Assert.Equal([new Line(Mark.Good, "Lanes", "not used: not through a forward proxy")], new LanesFinding(false, null, "not through a forward proxy", false).Lines());
}
