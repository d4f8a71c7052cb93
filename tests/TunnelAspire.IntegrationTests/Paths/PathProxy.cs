using System.Globalization;
using System.Net;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Paths;

/// <summary>A proxy that runs in front of a server on this machine, in the foreground, with all its files in a folder of its own.</summary>
internal sealed class PathProxy : IAsyncDisposable
{
    private readonly Scratch _scratch = new();
    private readonly ProxyProgram _program;
    private readonly Uri _server;
    private readonly int _port = Loopback.FreePort();
    private ChildProcess? _child;

    private string[] _arguments = [];

    private PathProxy(ProxyProgram program, Uri server) => (_program, _server) = (program, server);

    /// <summary>How it is called.</summary>
    public string Name => _program.Name;

    /// <summary>What it is.</summary>
    public ProxyProgram Program => _program;

    /// <summary>The server's URL for an agent on this path.</summary>
    public string Server => _program.Forward ? _server.ToString() : Url("");

    /// <summary>What else the agent is told.</summary>
    public string[] Arguments => _program.Forward ? ["--proxy", Url(_program.Login is { } login ? $"{login}@" : "")] : ["--proxy", "none"];

    /// <summary>Starts one, and waits until the server answers through it.</summary>
    public static async Task<PathProxy> StartAsync(ProxyProgram program, string server)
    {
        PathProxy proxy = new(program, new Uri(server));
        try
        {
            await proxy.StartAsync(idle: null);
            return proxy;
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts all proxies that the tests know, side by side, and waits until the server answers through each. Where one does not start, none is left.</summary>
    /// <param name="server">URL of the server behind them.</param>
    /// <param name="idleSeconds">How long a request may be quiet. Default: as the package comes.</param>
    /// <param name="which">Which of them. Default: all.</param>
    public static async Task<PathProxy[]> StartAllAsync(string server, int? idleSeconds = null, Func<ProxyProgram, bool>? which = null)
    {
        PathProxy[] proxies = [.. ProxyProgram.All.Where(which ?? (_ => true)).Select(program => new PathProxy(program, new Uri(server)))];
        try
        {
            await Task.WhenAll(proxies.Select(proxy => proxy.StartAsync(idleSeconds)));
            return proxies;
        }
        catch
        {
            await StopAllAsync(proxies);
            throw;
        }
    }

    /// <summary>Stops them, side by side.</summary>
    public static Task StopAllAsync(IEnumerable<PathProxy> proxies) => Task.WhenAll(proxies.Select(proxy => proxy.DisposeAsync().AsTask()));

    /// <summary>Stops it, which cuts what is under way, and starts it again in the same place.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _scratch.Dispose();
    }

    private async Task StopAsync()
    {
        if (_child is not null)
        {
            _child.Signal(ChildProcess.SigTerm);
            await _child.ExitAsync(TimeSpan.FromSeconds(20));
            await _child.DisposeAsync();
        }
    }

    private async Task StartAsync(int? idle)
    {
        int idleSeconds = idle ?? _program.IdleSeconds;
        await ChildProcess.RunAsync("chmod", "0777", _scratch.Folder); // started as root, most of them go on as nobody
        string file = _scratch.Write(_program.Configuration, Filled(_program.Template(), "", idleSeconds));
        if (_program.Login is { } login)
        {
            _scratch.Write("users", await ChildProcess.RunAsync("htpasswd", ["-nb", .. login.Split(':')]));
        }

        _arguments = [.. _program.Arguments.Select(argument => Filled(argument, file, idleSeconds))];
        await RunAsync();
    }

    private async Task RunAsync()
    {
        _child = ChildProcess.Start(_program.Program, _arguments);
        await Waiting.UntilAsync(AnswersAsync, $"{Name} hands requests on");
    }

    private string Url(string login) => string.Create(CultureInfo.InvariantCulture, $"http://{login}127.0.0.1:{_port}");

    private string Filled(string text, string file, int idleSeconds) => text
        .Replace("{file}", file, StringComparison.Ordinal)
        .Replace("{folder}", _scratch.Folder, StringComparison.Ordinal)
        .Replace("{port}", _port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("{server}", _server.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("{idle}", idleSeconds.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    /// <summary>Whether the server's own health endpoint answers through it.</summary>
    private async Task<bool> AnswersAsync()
    {
        if (_child!.HasExited)
        {
            throw new InvalidOperationException($"{Name} has ended:\n{_child.Output}");
        }

        string[] user = (_program.Login ?? ":").Split(':');
        using HttpClient client = new(new HttpClientHandler
        {
            UseProxy = _program.Forward,
            Proxy = _program.Forward ? new WebProxy(Url("")) { Credentials = new NetworkCredential(user[0], user[1]) } : null,
        }) { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            return (await client.GetAsync(new Uri(new Uri(Server), "alive"))).StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false; // not yet, or not within the client's two seconds
        }
    }
}
