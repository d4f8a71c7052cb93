using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Connector;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Connector.Policy;

public sealed class PolicyReloadTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tunnelaspire-");

    private string FilePath => Path.Combine(_folder.FullName, "policy.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Source_WithFileAndAllowList_AsksTheFileFirst()
    {
        Write(Policy("first"));

        Assert.Equal(["first", PolicySource.AllowRule], Source("db:80").Current.Rules.Select(rule => rule.Name));
        Assert.Empty(new PolicySource(Options.Create(new ConnectorOptions())).Current.Rules);
    }

    [Theory]
    [InlineData(null, "cannot be read")]
    [InlineData("{ \"rules\": 7 }", "line 1")]
    public void Source_OfAFileThatCannotBeUsed_NamesIt(string? text, string what)
    {
        if (text is not null)
        {
            Write(text);
        }

        FormatException refusal = Assert.Throws<FormatException>(() => Source());

        Assert.Contains(FilePath, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(what, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_WhateverBecomesOfTheFile_KeepsTheLastThatCanBeUsedAndTellsEachFaultOnce()
    {
        Write(Policy("first"));
        PolicySource source = Source();
        FakeTimeProvider time = new();
        using RecordingLogs log = new();
        using PolicyReload reload = new(source, time, new Logger<PolicyReload>(log));
        await reload.StartAsync(CancellationToken.None);

        Write(Policy("second"));
        await UntilAsync(time, () => log.Lines.Count == 1);
        Assert.Equal("second", source.Current.Rules[0].Name);

        Write("{ \"rules\": [ }");
        await UntilAsync(time, () => log.Lines.Count == 2);
        File.Delete(FilePath);
        await UntilAsync(time, () => log.Lines.Count == 3);
        Assert.Equal("second", source.Current.Rules[0].Name);
        for (int i = 0; i < 20; i++)
        {
            time.Advance(TimeSpan.FromSeconds(2));
        }

        Write(Policy("second"));
        await UntilAsync(time, () => log.Lines.Count == 4);
        Write(Policy("third"));
        await UntilAsync(time, () => log.Lines.Count == 5);
        await reload.StopAsync(CancellationToken.None);

        Assert.Equal(["2100", "2101", "2101", "2102", "2100"], log.Lines.Select(line => line.Split(' ')[1]));
        Assert.Contains("line 1", log.Lines[1], StringComparison.Ordinal);
        Assert.Contains("cannot be read", log.Lines[2], StringComparison.Ordinal);
        Assert.Equal("third", source.Current.Rules[0].Name);
    }

    private static Task UntilAsync(FakeTimeProvider time, Func<bool> condition) => Waiting.UntilAsync(
        () =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            return Task.FromResult(condition());
        },
        "the file has been looked at");

    private static string Policy(string name) => $$"""{ "rules": [{ "name": "{{name}}", "callers": ["*"], "allow": ["db:80"] }] }""";

    private void Write(string text) => File.WriteAllText(FilePath, text);

    private PolicySource Source(params string[] allow) => new(Options.Create(new ConnectorOptions { Policy = FilePath, Allow = allow }));
}
