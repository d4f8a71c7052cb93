using Microsoft.Extensions.Logging;
using TunnelAspire.Connector;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Http.Files;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Connector.Policy;

public sealed class PolicySourceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tunnelaspire-");

    private string FilePath => Path.Combine(_folder.FullName, "policy.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Source_WithFileAndAllowList_AsksTheFileFirst()
    {
        Write(Policy("first"));

        Assert.Equal(["first", PolicySource.AllowRule], Source("db:80").Current.Rules.Select(rule => rule.Name));
        Assert.Empty(Rules.Source(new ConnectorOptions()).Current.Rules);
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
    public void Source_WhateverBecomesOfTheFile_KeepsTheLastThatCanBeUsed()
    {
        Write(Policy("first"));
        using RecordingLogs logs = new();
        using WatchedFiles files = new(TimeProvider.System, new Logger<WatchedFiles>(logs));
        PolicySource source = Rules.Source(new ConnectorOptions { Policy = FilePath }, files);

        Write(Policy("second"));
        files.Look();
        Assert.Equal("second", source.Current.Rules[0].Name);

        Write("{ \"rules\": [ }");
        Look(files, 5);
        File.Delete(FilePath);
        Look(files, 5);
        Assert.Equal("second", source.Current.Rules[0].Name);
        string told = Assert.Single(logs.Lines, line => line.Contains(" 2913 ", StringComparison.Ordinal));
        Assert.Contains("line 1", told, StringComparison.Ordinal);

        Write(Policy("third"));
        files.Look();
        Assert.Equal("third", source.Current.Rules[0].Name);
    }

    private static void Look(WatchedFiles files, int times)
    {
        for (int i = 0; i < times; i++)
        {
            files.Look();
        }
    }

    private static string Policy(string name) => $$"""{ "rules": [{ "name": "{{name}}", "callers": ["*"], "allow": ["db:80"] }] }""";

    private void Write(string text) => File.WriteAllText(FilePath, text);

    private PolicySource Source(params string[] allow) => Rules.Source(new ConnectorOptions { Policy = FilePath, Allow = allow });
}
