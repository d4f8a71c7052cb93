using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary>A service that is configured wrongly does not start, and says why in one line.</summary>
public sealed class ServiceConfigurationTests
{
    [Theory]
    [InlineData("TunnelAspire.Relay", "connection string 'redis'", "ConnectionStrings__redis", "")]
    [InlineData("TunnelAspire.Relay", "Name", "Relay__Name", "not a name")]
    [InlineData("TunnelAspire.Connector", "connection string 'redis'", "ConnectionStrings__redis", "")]
    [InlineData("TunnelAspire.Connector", "'localhost'", "Connector__Allow__0", "localhost")]
    [InlineData("TunnelAspire.Connector", "Window", "Connector__Window", "1")]
    [InlineData("TunnelAspire.Connector", "Connector:Grace must be longer than Connector:Hold", "Connector__Grace", "00:00:20")]
    [InlineData("TunnelAspire.Connector", "address already in use", "ASPNETCORE_URLS", "http://127.0.0.1:{busy}")]
    public async Task WrongConfiguration_ExitsWithOne_AndNamesIt(string project, string named, string variable, string value)
    {
        using System.Net.Sockets.Socket taken = Loopback.Listen(out int busy);
        Dictionary<string, string> environment = new()
        {
            ["ConnectionStrings__redis"] = "127.0.0.1:1",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            [variable] = value.Replace("{busy}", $"{busy}", StringComparison.Ordinal),
        };
        await using ChildProcess service = ChildProcess.Start(Installed.Built(project), [], environment);
        Assert.Equal(1, await service.ExitAsync(TimeSpan.FromSeconds(20)));
        string line = Assert.Single(service.Output.Split('\n'), text => text.StartsWith(project, StringComparison.Ordinal));
        Assert.Contains(named, line, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", service.Output, StringComparison.Ordinal);
    }
}
