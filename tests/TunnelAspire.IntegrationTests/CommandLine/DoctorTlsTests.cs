using System.Globalization;
using System.Text.Json;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary><c>tunnel doctor</c> with a server that speaks TLS: it sees what an agent with the same options sees.</summary>
public sealed class DoctorTlsTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly Authority _authority = new("Authority of the tests");
    private readonly string _url = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{Loopback.FreePort()}");
    private readonly string _ca;

    public DoctorTlsTests() => _ca = _scratch.Write("ca.pem", _authority.Pem);

    [Theory]
    [InlineData("127.0.0.1", "")]
    [InlineData("relay.example", "--host relay.example")]
    public async Task CertificateOfTheGivenAuthority_IsVerified(string name, string arguments)
    {
        await using Node node = await StartAsync(name);
        Examined examined = await Examined.RunAsync([_url, "--quick", "--json", "--ca", _ca, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.True(examined.ExitCode == 0, examined.Output);
        JsonElement tls = examined.Json.GetProperty("tls");
        Assert.Equal((name, "Authority of the tests", true), (tls.GetProperty("subject").GetString(), tls.GetProperty("issuer").GetString(), tls.GetProperty("trusted").GetBoolean()));
        Assert.Equal("only in HTTP/1.1 without TLS", examined.Json.GetProperty("lanes").GetProperty("reason").GetString());
        Assert.Equal("alpn", examined.Json.GetProperty("versions").GetProperty("http2How").GetString());
        Assert.True(examined.Json.GetProperty("versions").GetProperty("http2").GetBoolean());
        Assert.Equal("HTTP/2", examined.Json.GetProperty("path").GetProperty("seen").GetProperty("protocol").GetString());
        Assert.Empty(examined.Json.GetProperty("path").GetProperty("signs").EnumerateArray());
    }

    [Fact]
    public async Task CertificateOfAnotherAuthority_IsNotAccepted_AndItsIssuerIsNamed()
    {
        await using Node node = await StartAsync("127.0.0.1");
        Examined examined = await Examined.RunAsync(_url);
        Assert.Equal(1, examined.ExitCode);
        Assert.Contains("this system does not know its issuer, Authority of the tests", examined.Output, StringComparison.Ordinal);
        Assert.Contains("--ca", examined.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CertificateOfAnotherName_IsNotAccepted()
    {
        await using Node node = await StartAsync("relay.example");
        Examined examined = await Examined.RunAsync(_url, "--ca", _ca);
        Assert.Equal(1, examined.ExitCode);
        Assert.Contains("the certificate is not for 127.0.0.1", examined.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileThatIsMissing_IsWrongUse()
    {
        Examined examined = await Examined.RunAsync(_url, "--ca", _scratch.File("none.pem"));
        Assert.Equal(2, examined.ExitCode);
        Assert.Contains("none.pem", examined.Output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _scratch.Dispose();
    }

    private Task<Node> StartAsync(string name)
    {
        Issued issued = _authority.ForServer(name);
        return Node.StartAsync(null, "--urls", _url, "--cert", _scratch.Write("server.pem", issued.Certificate), "--key", _scratch.Write("server.key", issued.Key));
    }
}
