using System.Globalization;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Programs;

/// <summary>One port serves what speaks SOCKS and what speaks to HTTP proxies.</summary>
[Collection(Programs.Name)]
public sealed class ProxyPortTests(SharedTunnel shared) : IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private WebServer _server = null!;
    private int _port;

    public async ValueTask InitializeAsync()
    {
        _server = await WebServer.StartAsync();
        _port = await shared.ProxyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("--socks5-hostname {0}")]
    [InlineData("--socks5 {0}")]
    [InlineData("--socks4a {0}")]
    [InlineData("--socks4 {0}")]
    [InlineData("-x {0}")]
    [InlineData("--proxytunnel -x {0}")]
    [InlineData("-x {0}", true)]
    [InlineData("--socks5-hostname {0}", true)]
    public async Task Curl_ThroughThePort_GetsTheFile(string way, bool tls = false)
    {
        string original = Checked.RandomFile(Path.Combine(_server.Folder, "file"), 5 * 1024 * 1024);
        string url = tls ? $"https://127.0.0.1:{_server.TlsPort}/file" : $"http://localhost:{_server.Port}/file";
        await ChildProcess.RunAsync(
            "curl", ["-sS", "--noproxy", "", "--fail", "--cacert", _server.Certificate, .. string.Format(CultureInfo.InvariantCulture, way, $"127.0.0.1:{_port}").Split(' '), "-o", _scratch.File("copy"), url]);

        Assert.Equal(await Checked.FileAsync(original), await Checked.FileAsync(_scratch.File("copy")));
    }

    [Theory]
    [InlineData("--socks5-hostname {0}", "http://127.0.0.1:1/", 97, "(5)")]
    [InlineData("--socks5-hostname {0}", "http://nowhere.invalid/", 97, "(4)")]
    [InlineData("--socks5-hostname {0}", "http://192.0.2.1/", 97, "(2)")]
    [InlineData("--socks4a {0}", "http://127.0.0.1:1/", 97, "(91)")]
    [InlineData("--proxytunnel -x {0}", "http://127.0.0.1:1/", 56, "response 502")]
    [InlineData("--proxytunnel -x {0}", "http://192.0.2.1/", 56, "response 403")]
    [InlineData("-x {0}", "http://127.0.0.1:1/", 0, "tunnel: target-refused: 127.0.0.1:1 at 127.0.0.1: Connection refused")]
    [InlineData("-x {0}", "http://192.0.2.1/", 0, "tunnel: forbidden-target: 192.0.2.1:80 is not among the allowed targets")]
    public async Task Curl_ToATargetThatCannotBeReached_IsToldInItsOwnWords(string way, string url, int code, string told)
    {
        await using ChildProcess curl = ChildProcess.Start("curl", ["-sS", "--noproxy", "", .. string.Format(CultureInfo.InvariantCulture, way, $"127.0.0.1:{_port}").Split(' '), url]);

        Assert.Equal(code, await curl.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains(told, curl.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--socks5-hostname {0}", 97)]
    [InlineData("--proxytunnel -x {0}", 22)]
    public async Task Curl_WhereAPasswordIsAskedFor_NeedsTheRightOne(string way, int code)
    {
        (_, int port) = await shared.Tunnel.StartProxyAsync(new Dictionary<string, string> { ["Agent__Socks__User"] = "ann", ["Agent__Socks__Password"] = "secret" });
        string[] arguments = ["-sS", "--noproxy", "", "--fail", .. string.Format(CultureInfo.InvariantCulture, way, $"127.0.0.1:{port}").Split(' '), $"http://127.0.0.1:{_server.Port}/file"];
        File.WriteAllText(Path.Combine(_server.Folder, "file"), "for ann");

        Assert.Equal("for ann", await ChildProcess.RunAsync("curl", ["--proxy-user", "ann:secret", .. arguments]));
        await using ChildProcess stranger = ChildProcess.Start("curl", ["--proxy-user", "ann:guess", .. arguments]);
        Assert.Equal(code, await stranger.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.DoesNotContain("for ann", stranger.Output, StringComparison.Ordinal);
    }

    /// <summary>With TLS git asks for CONNECT, without it for the URL itself.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Git_CloneThroughThePort_IsTheSame(bool tls)
    {
        string work = await PublishRepositoryAsync();
        string url = tls ? $"https://127.0.0.1:{_server.TlsPort}/project.git" : $"http://127.0.0.1:{_server.Port}/project.git";
        await ChildProcess.RunAsync(
            "env", "NO_PROXY=", "no_proxy=", $"GIT_SSL_CAINFO={_server.Certificate}", "git", "-c", $"http.proxy=http://127.0.0.1:{_port}", "clone", "-q", url, _scratch.File("clone"));

        Assert.Equal(await ChildProcess.RunAsync("git", "-C", work, "rev-parse", "HEAD"), await ChildProcess.RunAsync("git", "-C", _scratch.File("clone"), "rev-parse", "HEAD"));
        Assert.Equal(await Checked.FileAsync(Path.Combine(work, "large")), await Checked.FileAsync(Path.Combine(_scratch.File("clone"), "large")));
    }

    [Theory]
    [InlineData("socks5")]
    [InlineData("http")]
    public async Task Chromium_ThroughThePort_RendersAPage(string scheme)
    {
        const int Scripts = 40;
        string page = string.Concat(Enumerable.Range(1, Scripts).Select(i => $"<script src=\"{i}.js\"></script>"));
        File.WriteAllText(Path.Combine(_server.Folder, "page.html"), $"<p id=sum>0</p><script>let sum = 0</script>{page}<script>document.getElementById('sum').textContent = 'sum ' + sum</script>");
        for (int i = 1; i <= Scripts; i++)
        {
            File.WriteAllText(Path.Combine(_server.Folder, $"{i}.js"), $"sum += {i};");
        }

        (ChildProcess agent, int port) = await shared.Tunnel.StartProxyAsync();
        string document = await ChildProcess.RunAsync(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", $"--user-data-dir={_scratch.File(scheme)}", $"--proxy-server={scheme}://127.0.0.1:{port}", "--proxy-bypass-list=<-loopback>", "--dump-dom",
            $"http://localhost:{_server.Port}/page.html");

        Assert.Contains($"<p id=\"sum\">sum {Scripts * (Scripts + 1) / 2}</p>", document, StringComparison.Ordinal);
        Assert.Contains($"to localhost:{_server.Port} opened", agent.Output, StringComparison.Ordinal); // Chromium did not go past the proxy
    }

    [Fact]
    public async Task SampleOfTheBrowser_AsWritten_Works()
    {
        File.WriteAllText(Path.Combine(_server.Folder, "page.html"), "<p id=there>here</p>");
        string printed = await SamplePage.RunAsync("browser.md", shared.Tunnel.Server, new()
        {
            ["intranet.internal"] = $"localhost:{_server.Port}",
            ["1080"] = $"{Loopback.FreePort()}",
            ["--headless"] = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --proxy-bypass-list='<-loopback>'",
        });
        Assert.Contains("<p id=there>here</p>", printed, StringComparison.Ordinal);
        Assert.Contains("<p id=\"there\">here</p>", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SampleOfGit_AsWritten_Works()
    {
        await PublishRepositoryAsync();
        await SamplePage.RunAsync(
            "git.md",
            shared.Tunnel.Server,
            new() { ["git.internal"] = $"127.0.0.1:{_server.TlsPort}", ["1080"] = $"{Loopback.FreePort()}" },
            new() { ["GIT_SSL_CAINFO"] = _server.Certificate });
    }

    [Fact]
    public async Task SampleOfKubectl_AsWritten_Works()
    {
        File.WriteAllText(Path.Combine(_server.Folder, "healthz"), "ok from the far end");
        string printed = await SamplePage.RunAsync("kubectl.md", shared.Tunnel.Server, new()
        {
            ["k8s.internal:6443"] = $"127.0.0.1:{_server.TlsPort}",
            ["ca.pem"] = _server.Certificate,
            ["1080"] = $"{Loopback.FreePort()}",
        });
        Assert.Contains("ok from the far end", printed, StringComparison.Ordinal);
    }

    /// <summary>A repository of a few commits, which the web server serves as project.git; returns its working folder.</summary>
    private async Task<string> PublishRepositoryAsync()
    {
        string work = _scratch.File("work");
        string bare = Path.Combine(_server.Folder, "project.git");
        await ChildProcess.RunAsync("git", "init", "-q", "-b", "main", work);
        Checked.RandomFile(Path.Combine(work, "large"), 3 * 1024 * 1024);
        for (int i = 0; i < 5; i++)
        {
            File.WriteAllText(Path.Combine(work, "note"), $"{i}");
            await ChildProcess.RunAsync("git", "-C", work, "add", ".");
            await ChildProcess.RunAsync("git", "-C", work, "-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "-q", "-m", $"{i}");
        }

        await ChildProcess.RunAsync("git", "clone", "-q", "--bare", work, bare);
        await ChildProcess.RunAsync("git", "-C", bare, "update-server-info");
        return work;
    }
}
