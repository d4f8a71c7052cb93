using TunnelAspire.Agent.Doctor;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class VerdictTests
{
    private const long Kibi = 1024;
    private const long Mebi = 1024 * Kibi;

    [Theory]
    [InlineData("AtOnce", "AtOnce", ChannelMode.Stream, ChannelMode.Stream, "full speed")]
    [InlineData("HeldBack", "AtOnce", ChannelMode.Burst, ChannelMode.Stream, "answers come as they are made")]
    [InlineData("AtOnce", "HeldBack", ChannelMode.Stream, ChannelMode.Burst, "requests go as they are made")]
    [InlineData("HeldBack", "HeldBack", ChannelMode.Burst, ChannelMode.Burst, "in both directions")]
    [InlineData("Late", "AtOnce", ChannelMode.Burst, ChannelMode.Stream, "answers come as they are made")]
    [InlineData("AtOnce", "Late", ChannelMode.Stream, ChannelMode.Burst, "requests go as they are made")]
    [InlineData("Refused", "AtOnce", ChannelMode.Burst, ChannelMode.Stream, "answers come as they are made")]
    [InlineData("AtOnce", "Refused", ChannelMode.Stream, ChannelMode.Burst, "requests go as they are made")]
    public void Verdict_ModeOfEachDirection_FollowsFromItsBuffering(string up, string down, ChannelMode upMode, ChannelMode downMode, string words)
    {
        Verdict verdict = Verdict.Of(Found(up: Enum.Parse<Passage>(up), down: Enum.Parse<Passage>(down)));

        Assert.True(verdict.Usable);
        Assert.Equal((upMode, downMode), (verdict.Up!.Mode, verdict.Down!.Mode));
        Assert.Contains(words, verdict.Summary, StringComparison.Ordinal);
        Assert.Equal(up != "AtOnce", verdict.Remarks.Any(remark => remark.Contains("request bodies", StringComparison.Ordinal)));
        Assert.Equal(down != "AtOnce", verdict.Remarks.Any(remark => remark.Contains("answers", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(64 * Mebi, "AtOnce", 1 * Mebi)]
    [InlineData(64 * Mebi, "HeldBack", 1 * Mebi)]
    [InlineData(1 * Mebi, "AtOnce", 1 * Mebi)]
    [InlineData(256 * Kibi, "AtOnce", 256 * Kibi)]
    [InlineData(256 * Kibi, "HeldBack", 256 * Kibi)]
    [InlineData(4 * Kibi, "HeldBack", 4 * Kibi)]
    public void Verdict_Messages_AreNoLargerThanWhatPasses(long largest, string passage, long message)
    {
        Diagnosis found = Found(up: Enum.Parse<Passage>(passage));
        found.Bodies = new BodyFinding(largest == 64 * Mebi ? Unlimited : new SizeLimit(largest, largest * 2, "413"), Unlimited);

        Verdict verdict = Verdict.Of(found);

        Assert.Equal(message, verdict.Up!.MessageBytes);
        Assert.Equal(largest < 64 * Mebi, verdict.Remarks.Any(remark => remark.Contains("are refused", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(35, null, null, 25)] // no limit found
    [InlineData(28, 35, 30.0, 25)] // not below what the agent waits anyway
    [InlineData(15, 20, 18.1, 12)]
    [InlineData(15, 20, null, 13)] // silence: somewhere between
    [InlineData(5, 10, 6.0, 5)]
    [InlineData(0, 2, 1.0, 5)] // never less
    public void Verdict_Hold_StaysBelowTheLimitOfQuietRequests(int passed, int? cut, double? after, double hold)
    {
        Diagnosis found = Found();
        found.Quiet = new QuietFinding(passed, cut, after, cut is null ? null : "504");

        Verdict verdict = Verdict.Of(found);

        Assert.Equal(hold, verdict.HoldSeconds);
        Assert.Equal(cut is not null, verdict.Remarks.Any(remark => remark.Contains("is cut", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(80, 16)]
    public void Verdict_MessagesInBurst_AreAsManyAsTheWayIsLong(double roundTrip, int inFlight)
    {
        Diagnosis found = Found(up: Passage.HeldBack);
        found.RoundTrip = new RoundTripFinding(roundTrip, roundTrip, 20);

        Assert.Equal(inFlight, Verdict.Of(found).Up!.InFlight);
    }

    [Fact]
    public void Verdict_WithoutTheQuietExamination_LeavesTheHoldAsItIs() => Assert.Equal(25, Verdict.Of(Found()).HoldSeconds);

    [Theory]
    [InlineData(0, 64 * Mebi, "requests with a body")]
    [InlineData(64 * Mebi, 0, "answers with a body")]
    public void Verdict_NoBodiesPass_IsNotUsable(long up, long down, string words)
    {
        Diagnosis found = Found();
        found.Bodies = new BodyFinding(new SizeLimit(up, up == 0 ? 4096 : null, "403"), new SizeLimit(down, down == 0 ? 4096 : null, "403"));

        Verdict verdict = Verdict.Of(found);

        Assert.False(verdict.Usable);
        Assert.Contains(words, verdict.Summary, StringComparison.Ordinal);
        Assert.Null(verdict.Up);
    }

    [Fact]
    public void Verdict_OnWhatFailed_SaysWhyAndWhatToDo()
    {
        Diagnosis found = new() { Server = "http://relay.example/", Failure = new Failure("name", "the name does not resolve", "Check it.") };

        Verdict verdict = Verdict.Of(found);

        Assert.False(verdict.Usable);
        Assert.Contains("the name does not resolve", verdict.Summary, StringComparison.Ordinal);
        Assert.Equal(["Check it."], verdict.Remarks);
    }

    [Theory]
    [InlineData(1, true, null)]
    [InlineData(80, true, "The way is long (80 ms)")]
    [InlineData(1, false, "closed after each answer")]
    public void Verdict_Remarks_NameWhatCostsTime(double roundTrip, bool keepsConnections, string? remark)
    {
        Diagnosis found = Found();
        found.RoundTrip = new RoundTripFinding(roundTrip, roundTrip, 20);
        found.Path = new PathFinding("relay-0", "HTTP/1.1", new PathView("HTTP/1.1", "127.0.0.1", null, null, "", "relay-0", "1"), null, null, keepsConnections, []);

        string remarks = string.Join('\n', Verdict.Of(found).Remarks);

        Assert.True(remark is null ? remarks.Length == 0 : remarks.Contains(remark, StringComparison.Ordinal), remarks);
    }

    [Theory]
    [InlineData("Pass", true, false)]
    [InlineData("DoNotPass", false, true)]
    [InlineData("NotTried", false, false)] // what holds bodies back is to blame, and named already
    [InlineData("NotUsed", false, false)]
    public void Verdict_Lanes_FollowFromTheirTrial(string outcome, bool lanes, bool remarked)
    {
        Diagnosis found = Found();
        found.Lanes = new LanesFinding(Enum.Parse<LanesOutcome>(outcome), null, "why");

        Verdict verdict = Verdict.Of(found);

        Assert.Equal(lanes, verdict.Lanes);
        Assert.Equal(remarked, verdict.Remarks.Any(remark => remark.StartsWith("Requests cannot share a connection", StringComparison.Ordinal)));
    }

    private static SizeLimit Unlimited { get; } = new(64 * Mebi, null, null);

    private static Diagnosis Found(Passage up = Passage.AtOnce, Passage down = Passage.AtOnce) => new()
    {
        Server = "http://relay.example/",
        Buffering = new BufferingFinding(new DirectionBuffering(up, 0, null), new DirectionBuffering(down, 0, null)),
        Bodies = new BodyFinding(Unlimited, Unlimited),
    };
}
