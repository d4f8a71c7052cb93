using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector;
using TunnelAspire.Connector.Audit;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http;
using TunnelAspire.Http.Audit;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Connector.Audit;

public sealed class AuditServiceTests : IDisposable
{
    private static readonly TunnelException Refusal = new(TunnelError.ForbiddenTarget, "db:80 is not among the allowed targets");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tunnelaspire-");
    private readonly RecordingLogs _logs = new();
    private readonly AuditTrail _trail;
    private readonly AuditService _service;

    public AuditServiceTests()
    {
        ServiceCollection services = new();
        services.AddMetrics();
        services.AddSingleton(new StreamBudget());
        services.AddSingleton<ConnectorMetrics>();
        ConnectorMetrics metrics = services.BuildServiceProvider().GetRequiredService<ConnectorMetrics>();
        IOptions<AuditOptions> options = Options.Create(new AuditOptions { File = FilePath });
        _trail = new AuditTrail(options, Options.Create(new ConnectorOptions { Name = "connector-0" }), metrics, TimeProvider.System, new OpenRefusals(new AgentAddress([]), TimeProvider.System, _logs), _logs);
        _service = new AuditService(_trail, options, metrics, TimeProvider.System, new Logger<AuditService>(_logs));
    }

    private string FilePath => Path.Combine(_folder.FullName, "audit.jsonl");

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _logs.Dispose();
    }

    [Fact]
    public async Task Record_OfARefusedOpen_SaysWhoWhatAndWhy()
    {
        Opening opening = new(SessionId.New(), new TargetAddress("db", 80), new Caller("ann\nforged line", ["dba"])) { Agent = "192.0.2.7", Relay = "relay-0" };
        await _service.StartingAsync(CancellationToken.None);
        _trail.NotOpened(opening, Refusal);
        await _service.StoppedAsync(CancellationToken.None).Soon();

        JsonElement record = Assert.Single(Records());
        Assert.Equal("open", record.GetProperty("event").GetString());
        Assert.Equal(opening.Session.Prefix, record.GetProperty("session").GetString());
        Assert.Equal("ann?forged line", record.GetProperty("caller").GetString());
        Assert.Equal("dba", record.GetProperty("roles")[0].GetString());
        Assert.Equal("192.0.2.7", record.GetProperty("agent").GetString());
        Assert.Equal("relay-0", record.GetProperty("relay").GetString());
        Assert.Equal("connector-0", record.GetProperty("connector").GetString());
        Assert.Equal("db:80", record.GetProperty("target").GetString());
        Assert.Equal("refused", record.GetProperty("decision").GetString());
        Assert.Equal("forbidden-target", record.GetProperty("error").GetString());
        Assert.False(record.TryGetProperty("rule", out _));
        Assert.True(DateTimeOffset.TryParse(record.GetProperty("time").GetString(), out _));
        string line = Assert.Single(_logs.Lines, line => line.StartsWith(AuditTrail.Category, StringComparison.Ordinal));
        Assert.Contains("ann?forged line at 192.0.2.7 to db:80", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public async Task Records_ThatComeFasterThanTheyAreWritten_AreDroppedCountedAndTold()
    {
        for (int i = 0; i < 10_500; i++)
        {
            _trail.NotOpened(Opening(), Refusal); // nobody writes yet
        }

        await _service.StartingAsync(CancellationToken.None);
        await _service.StoppedAsync(CancellationToken.None).Soon();

        JsonElement[] records = Records();
        Assert.Equal(10_000, records.Count(record => record.GetProperty("event").GetString() == "open"));
        Assert.Equal(500, records.Where(record => record.GetProperty("event").GetString() == "lost").Sum(record => record.GetProperty("records").GetInt64()));
        Assert.Single(_logs.Lines, line => line.Contains("500 audit records have been dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task File_ThatCannotBeWritten_IsToldOnceAndWhatIsMissingIsToldInIt()
    {
        Directory.CreateDirectory(FilePath); // in the file's place
        await _service.StartingAsync(CancellationToken.None);
        await UntilLoggedAsync("cannot be written", 1);
        for (int i = 0; i < 3; i++)
        {
            _trail.NotOpened(Opening(), Refusal);
            await UntilLoggedAsync("not opened", i + 1);
        }

        Directory.Delete(FilePath);
        _trail.NotOpened(Opening(), Refusal);
        await UntilLoggedAsync("can be written again", 1);
        await _service.StoppedAsync(CancellationToken.None).Soon();

        Assert.Equal(["lost", "open"], Records().Select(record => record.GetProperty("event").GetString()));
        Assert.Equal(3, Records()[0].GetProperty("records").GetInt64());
        Assert.Single(_logs.Lines, line => line.Contains("cannot be written", StringComparison.Ordinal));
    }

    private static Opening Opening() => new(SessionId.New(), new TargetAddress("db", 80), Caller.Anonymous);

    private JsonElement[] Records() => [.. File.ReadAllLines(FilePath).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private Task UntilLoggedAsync(string text, int times) =>
        Waiting.UntilAsync(() => Task.FromResult(_logs.Lines.Count(line => line.Contains(text, StringComparison.Ordinal)) == times), $"'{text}' is logged");
}
