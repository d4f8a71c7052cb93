using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Http;
using TunnelAspire.Http.Audit;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Http.Audit;

public sealed class OpenRefusalsTests : IDisposable
{
    private const int Many = 5000;
    private const int MostRecords = 2 * 200 + 2; // each told at once and counted later, and those too many to tell apart

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogs _logs = new();
    private readonly OpenRefusals _refusals;
    private readonly List<OpenRefusal> _told = [];

    public OpenRefusalsTests()
    {
        _refusals = new OpenRefusals(new AgentAddress([]), _time, _logs);
        _refusals.Told += _told.Add;
    }

    public void Dispose()
    {
        _refusals.Dispose();
        _logs.Dispose();
    }

    [Fact]
    public void Refusals_OfOneClientForOneReason_AreToldOnceAndThenCounted()
    {
        for (int i = 0; i < Many; i++)
        {
            Refuse("192.0.2.7", TunnelError.Unauthenticated);
        }

        Refuse("192.0.2.7", TunnelError.TooMany);
        Assert.Equal([1, 1], _told.Select(refusal => refusal.Times));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(Many - 1, Assert.Single(_told, refusal => refusal.Times > 1).Times);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(3, _told.Count);

        Refuse("192.0.2.7", TunnelError.Unauthenticated);
        Assert.Equal(1, _told[^1].Times);
    }

    [Fact]
    public void Refusals_OfMoreClientsThanCanBeTold_AreCountedTogether()
    {
        for (int i = 0; i < Many; i++)
        {
            Refuse($"10.0.{i / 250}.{i % 250}", TunnelError.Unauthenticated);
        }

        _refusals.EndPeriod();
        Assert.InRange(_told.Count, 1, MostRecords);
        Assert.Equal(Many, _told.Sum(refusal => refusal.Times));
        Assert.Contains(_told, refusal => refusal is { Agent: null, Times: > 1000 });
    }

    [Fact]
    public void Record_OfATargetWithControlCharacters_IsOneLine()
    {
        Refuse("192.0.2.7", TunnelError.Malformed, "?target=db%0Aforged");
        Assert.Equal("db?forged", Assert.Single(_told).Target);
        Assert.DoesNotContain('\n', Assert.Single(_logs.Lines));
    }

    [Fact]
    public void Refusal_ThatAConnectorHasRecorded_IsNotRecordedAgain()
    {
        _refusals.Add(new DefaultHttpContext(), new TunnelException(TunnelError.ForbiddenTarget, "no") { IsRecorded = true });
        Assert.Empty(_told);
    }

    private void Refuse(string address, TunnelError error, string query = "?target=db:1")
    {
        DefaultHttpContext context = new() { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
        context.Request.QueryString = new QueryString(query);
        _refusals.Add(context, new TunnelException(error, "no"));
    }
}
