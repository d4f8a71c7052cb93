using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Tests.Agent.Status;

public sealed class LiveSessionsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LiveSessions _sessions;

    public LiveSessionsTests() => _sessions = new LiveSessions(_time);

    private sealed class Bytes : IShownSession
    {
        public long BytesUp => 0; // what is acknowledged is not what is shown

        public long BytesSent { get; set; }

        public long BytesDown { get; set; }

        public long BytesResent { get; set; }
    }

    [Fact]
    public void Look_TellsRatesSinceTheLastOne_FastestFirst()
    {
        Bytes slow = Open("slow");
        Bytes fast = Open("fast");
        _time.Advance(TimeSpan.FromSeconds(2));
        (slow.BytesSent, fast.BytesSent, fast.BytesDown) = (100, 1000, 3000);

        (IReadOnlyList<SessionReport> open, TotalsReport totals) = _sessions.Look(retries: 4);

        Assert.Equal([("fast", 500, 1500), ("slow", 50, 0)], open.Select(session => (session.Id, session.RateUp, session.RateDown)));
        Assert.Equal((2, 2L, 1100L, 3000L, 550.0, 1500.0, 4L), (totals.Open, totals.Opened, totals.BytesUp, totals.BytesDown, totals.RateUp, totals.RateDown, totals.Retries));
    }

    [Fact]
    public void Look_TooSoonAgain_KeepsTheRates()
    {
        Bytes bytes = Open("a");
        _time.Advance(TimeSpan.FromSeconds(1));
        bytes.BytesSent = 10;
        _sessions.Look(0);
        _time.Advance(LiveSessions.ShortestLook / 2);
        bytes.BytesSent = 1000;

        Assert.Equal(10, Assert.Single(_sessions.Look(0).Sessions).RateUp);
        Assert.Equal(1000, _sessions.Look(0).Totals.BytesUp);
    }

    [Fact]
    public void Look_AtASessionYoungerThanTheLast_GoesByItsAge()
    {
        _time.Advance(TimeSpan.FromMinutes(5));
        Bytes bytes = Open("young");
        _time.Advance(TimeSpan.FromSeconds(1));
        bytes.BytesDown = 100;

        Assert.Equal(100, Assert.Single(_sessions.Look(0).Sessions).RateDown);
    }

    [Fact]
    public void Session_ThatHasEnded_CountsOn()
    {
        Bytes bytes = new() { BytesSent = 7, BytesDown = 8, BytesResent = 9 };
        LiveSession session = Session("a", bytes);
        _sessions.Opened(session);
        _sessions.Ended(session);
        _sessions.Ended(session);
        _sessions.Failed();

        (IReadOnlyList<SessionReport> open, TotalsReport totals) = _sessions.Look(0);

        Assert.Empty(open);
        Assert.Equal((0, 1L, 1L, 7L, 8L, 9L), (totals.Open, totals.Opened, totals.Failed, totals.BytesUp, totals.BytesDown, totals.BytesResent));
    }

    private Bytes Open(string id)
    {
        Bytes bytes = new();
        _sessions.Opened(Session(id, bytes));
        return bytes;
    }

    private LiveSession Session(string id, Bytes bytes) =>
        new(bytes, _time.GetTimestamp()) { Id = id, Client = "client", Target = "target:1", Connector = "connector", Forward = "" };
}
