using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Packaging;

/// <summary>The manual pages in docs/man are what the programs say of themselves, and good pages.</summary>
public sealed class ManualTests
{
    [Theory]
    [InlineData("TunnelAspire.Agent", "tunnel", "tunnel.1")]
    [InlineData("TunnelAspire.Node", "tunneld", "tunneld.8")]
    public async Task Page_IsCurrent(string project, string program, string page)
    {
        string now = await ChildProcess.RunAsync(Installed.Built(project, program), "man");
        string committed = await File.ReadAllTextAsync(Committed(page));
        Assert.True(now.TrimEnd() == committed.TrimEnd(), $"docs/man/{page} is not what the program says now: {program} man > docs/man/{page}");
    }

    [Theory]
    [InlineData("tunnel.1")]
    [InlineData("tunneld.8")]
    public async Task Page_HasNothingToComplainOf(string page)
    {
        Assert.Equal("", await ChildProcess.RunAsync("mandoc", "-T", "lint", Committed(page)));
        Assert.Equal("", await ChildProcess.RunAsync("bash", "-c", $"LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z '{Committed(page)}' > /dev/null"));
    }

    private static string Committed(string page) => Path.Combine(Installed.Root, "docs", "man", page);
}
