using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary><c>tunnel doctor</c> where the relays cannot be reached: it stops at the step that fails, and says why and what to do.</summary>
public sealed class DoctorReachTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Theory]
    [InlineData("server's URL is missing", "")]
    [InlineData("'nonsense'", "nonsense")]
    [InlineData("'ftp://x'", "ftp://x")]
    [InlineData("'nocolon'", "http://127.0.0.1:1 --header nocolon")]
    [InlineData("'proxy.example'", "http://127.0.0.1:1 --proxy proxy.example")]
    [InlineData("301", "http://127.0.0.1:1 --quiet-limit 301")]
    [InlineData("--quiet-limit 0", "http://127.0.0.1:1 --quiet-limit 0")]
    [InlineData("contradict", "http://127.0.0.1:1 --quick --quiet-limit 3")]
    [InlineData("no-such-file.json", "http://127.0.0.1:1 --config no-such-file.json")]
    [InlineData("--wrong", "http://127.0.0.1:1 --wrong")]
    public async Task WrongUse_ExitsWithTwo_AndALineThatSaysWhatIsWrong(string named, string arguments)
    {
        Examined examined = await Examined.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, examined.ExitCode);
        Assert.StartsWith("tunnel: ", Assert.Single(examined.Output.Split('\n'), line => line.Contains(named, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "bad   TCP              127.0.0.1 port 1: Connection refused", "nobody accepts connections at 127.0.0.1:1", "that the server runs")]
    [InlineData("http://no-such-name.invalid", "ok    Forward proxy    none", "the name no-such-name.invalid does not resolve", "name servers")]
    [InlineData("http://127.0.0.1:2 --proxy http://127.0.0.1:1", "from the option --proxy", "nobody accepts connections at 127.0.0.1:1", "the proxy, http://127.0.0.1:1")]
    public async Task Server_CannotBeReached_ExitsWithOne_AndSaysAtWhichStep(string arguments, string step, string reason, string advice)
    {
        Examined examined = await Examined.RunAsync(arguments.Split(' '));
        Assert.Equal(1, examined.ExitCode);
        Assert.Contains(step, examined.Output, StringComparison.Ordinal);
        Assert.Contains($"Not usable: {reason}", examined.Output, StringComparison.Ordinal);
        Assert.Contains(advice, examined.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root /usr/share/nginx/html; location = /v1/path { try_files /index.html =404; default_type text/html; }", "a page \"Welcome to nginx!\" by nginx")]
    [InlineData("root /usr/share/nginx/html;", "a web server answers there, but no relay under this path: 404 Not Found by nginx")]
    [InlineData("location / { return 302 http://portal.example/login; }", "a redirect instead of the tunnel's answer: 302 Moved Temporarily by nginx")]
    [InlineData("location / { proxy_pass http://127.0.0.1:1; }", "a gateway answers that it does not reach the relay: 502 Bad Gateway by nginx")]
    [InlineData("location / { return 403; }", "access is refused before the relay: 403 Forbidden by nginx")]
    public async Task SomebodyElse_Answers_IsNamed(string server, string reason)
    {
        await using Nginx nginx = await Nginx.StartAsync(server);
        Examined examined = await Examined.RunAsync(nginx.Url);
        Assert.Equal(1, examined.ExitCode);
        Assert.Contains($"Not usable: {reason}", examined.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_ThatTheSystemDoesNotKnow_IsNamedWithItsIssuer()
    {
        await using Nginx nginx = await Nginx.StartAsync("location / { return 404; }", Certificate());
        Examined examined = await Examined.RunAsync(nginx.Url);
        Assert.Equal(1, examined.ExitCode);
        Assert.Contains("bad   Trust            it is signed by itself, and this system does not know it", examined.Output, StringComparison.Ordinal);
        Assert.Contains("Not usable: the certificate, issued by Somebody's inspection, is not accepted", examined.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_ThatTheSystemKnows_IsVerified()
    {
        string certificate = Certificate();
        await using Nginx nginx = await Nginx.StartAsync("location / { return 404; }", certificate);
        Examined examined = await Examined.RunAsync([nginx.Url], new() { ["SSL_CERT_FILE"] = certificate });
        Assert.Contains("ok    Trust            verified; the chain ends on Somebody's inspection", examined.Output, StringComparison.Ordinal);
        Assert.Contains("ok    Certificate      Somebody's inspection, issued by Somebody's inspection, until ", examined.Output, StringComparison.Ordinal);
        Assert.Contains("TLS 1.", examined.Output, StringComparison.Ordinal);
        Assert.Contains("but no relay under this path", examined.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainHttp_WhereTlsIsExpected_IsNamed()
    {
        await using Nginx nginx = await Nginx.StartAsync("location / { return 404; }");
        Examined examined = await Examined.RunAsync(nginx.Url.Replace("http", "https", StringComparison.Ordinal));
        Assert.Equal(1, examined.ExitCode);
        Assert.Contains("Not usable: no TLS", examined.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task ForwardProxy_AsksForAPassword_IsNamedAsThat(string scheme)
    {
        int port = Loopback.FreePort();
        await using ChildProcess tinyproxy = ChildProcess.Start("tinyproxy", ["-d", "-c", _scratch.Write("tinyproxy.conf", $"Port {port}\nListen 127.0.0.1\nTimeout 60\nBasicAuth name secret\n")]);
        await tinyproxy.LineAsync("Accepting connections");
        Examined examined = await Examined.RunAsync([$"{scheme}://127.0.0.1:1"], new() { ["ALL_PROXY"] = $"http://127.0.0.1:{port}" });
        Assert.Equal(1, examined.ExitCode);
        Assert.Contains($"http://127.0.0.1:{port}, from the environment", examined.Output, StringComparison.Ordinal);
        Assert.Contains("Not usable: the forward proxy asks for a user name and a password (407", examined.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_OfAFailure_NamesTheStep()
    {
        Examined examined = await Examined.RunAsync("http://127.0.0.1:1", "--json");
        Assert.Equal(1, examined.ExitCode);
        Assert.False(examined.Json.GetProperty("usable").GetBoolean());
        Assert.Equal("connect", examined.Json.GetProperty("failure").GetProperty("step").GetString());
        Assert.Equal("Connection refused", examined.Json.GetProperty("connect").GetProperty("addresses")[0].GetProperty("error").GetString());
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>A file with a certificate for localhost, signed by itself, and its key.</summary>
    private string Certificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Somebody's inspection", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return _scratch.Write("certificate.pem", string.Create(CultureInfo.InvariantCulture, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n"));
    }
}
