using TunnelAspire.Agent.Doctor;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Http1;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class LanesExaminationTests
{
    [Fact]
    public void Judge_RoundTripOnASharedConnection_Passes() =>
        Assert.Equal(new LanesFinding(LanesOutcome.Pass, 0.31, null), LanesExamination.Judge(new SharingTrial(TimeSpan.FromMilliseconds(0.31), null)));

    [Fact]
    public void Judge_Obstacle_DoesNotPass() =>
        Assert.Equal(new LanesFinding(LanesOutcome.DoNotPass, null, "why"), LanesExamination.Judge(new SharingTrial(null, "why")));

    [Theory]
    [InlineData("Pass", 0.31, null, "Good", "pass: requests can share a connection; a round trip on it takes 0.31 ms")]
    [InlineData("DoNotPass", null, "it is held back", "Note", "do not pass: it is held back")]
    [InlineData("NotTried", null, "it is late", "Note", "not tried: it is late")]
    [InlineData("NotUsed", null, "not through a forward proxy", "Good", "not used: not through a forward proxy")]
    public void Lines_SayWhatWasFound(string outcome, double? roundTrip, string? reason, string mark, string text) => Assert.Equal(
        [new Line(Enum.Parse<Mark>(mark), "Lanes", text)], new LanesFinding(Enum.Parse<LanesOutcome>(outcome), roundTrip, reason).Lines());
}
