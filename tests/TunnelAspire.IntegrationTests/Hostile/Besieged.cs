using System.Globalization;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Telemetry;
using Xunit;

namespace TunnelAspire.IntegrationTests.Hostile;

/// <summary>A <c>tunneld</c> that speaks HTTP/1.1, HTTP/2 and TLS, each on a port of its own, an agent, and a target that echoes.</summary>
public sealed class Besieged : IAsyncLifetime
{
    private readonly Authority _authority = new("siege");
    private readonly Scratch _scratch = new();
    private readonly Collector _collector = new();
    private Node _node = null!;
    private ChildProcess _agent = null!;

    public EchoTarget Target { get; } = new();

    /// <summary>Where it speaks HTTP/1.1.</summary>
    public int Port { get; } = Loopback.FreePort();

    /// <summary>Where it speaks HTTP/2, without TLS.</summary>
    public int PortInHttp2 { get; } = Loopback.FreePort();

    /// <summary>Where it speaks TLS.</summary>
    public int PortInTls { get; } = Loopback.FreePort();

    /// <summary>The agent's local port, which leads to the target.</summary>
    public int Forward { get; private set; }

    /// <summary>What the server has printed lately, for a test that fails.</summary>
    public string LastWords => $"tunneld{(_node.Server.HasExited ? ", which has ended" : "")}:\n{string.Join('\n', _node.Server.Output.Split('\n').TakeLast(40))}";

    public string Url => Local("http", Port);

    public async ValueTask InitializeAsync()
    {
        Issued certificate = _authority.ForServer("127.0.0.1");
        Dictionary<string, string> settings = new(_collector.Environment)
        {
            ["Connector__Hold"] = "00:00:03", // short, so that what attackers open is let go of while a test waits
            ["Connector__Grace"] = "00:00:08",
            ["Kestrel__Endpoints__A__Url"] = Url,
            ["Kestrel__Endpoints__B__Url"] = Local("http", PortInHttp2),
            ["Kestrel__Endpoints__B__Protocols"] = "Http2",
            ["Kestrel__Endpoints__C__Url"] = Local("https", PortInTls),
            ["Logging__LogLevel__Microsoft.AspNetCore.Server.Kestrel.Http2"] = "None", // as without the setting of Node
        };
        _node = await Node.StartAsync(
            settings, "--cert", _scratch.Write("s.pem", certificate.Certificate), "--key", _scratch.Write("s.key", certificate.Key), "--allow", Target.Address);
        _agent = ChildProcess.Start(
            Installed.Built("TunnelAspire.Agent", "tunnel"), ["connect", Url, "-L", $"0:{Target.Address}"], _collector.Environment);
        Forward = Tunnel.LocalPort(await _agent.LineAsync("forwarding "));
    }

    public async ValueTask DisposeAsync()
    {
        await _agent.DisposeAsync();
        await _node.DisposeAsync();
        Target.Dispose();
        _collector.Dispose();
        _authority.Dispose();
        _scratch.Dispose();
    }

    /// <summary>What both processes hold now.</summary>
    public Task<Leftovers> HoldingsAsync() => Leftovers.TakeAsync(_collector, ("tunneld", _node.Server.Id), ("agent", _agent.Id));

    /// <summary>What the limits have refused so far.</summary>
    public double Refused => _collector.Processes.TryGetValue(_node.Server.Id, out ProcessMetrics? metrics) ? metrics.Values.GetValueOrDefault("tunnel.limits.refused") : 0;

    /// <summary>A connection to one of the ports.</summary>
    public static async Task<NetworkStream> ConnectAsync(int port) => new(await Loopback.ConnectAsync(port), ownsSocket: true);

    /// <summary>A session that was opened by hand: its path, and its token.</summary>
    public async Task<(string Path, string Token)> OpenAsync(HttpClient http)
    {
        using HttpResponseMessage answer = await http.PostAsync($"{Url}/v1/sessions?target={Target.Address}", null);
        Assert.Equal(201, (int)answer.StatusCode);
        return (answer.Headers.Location!.ToString(), answer.Headers.GetValues("Tunnel-Token").Single());
    }

    /// <summary>Sends text as it is; a connection that the server has cut is no failure.</summary>
    public static async Task<bool> TrySendAsync(NetworkStream stream, string text) => await TrySendAsync(stream, Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes as they are; false if the server has cut the connection.</summary>
    public static async Task<bool> TrySendAsync(NetworkStream stream, ReadOnlyMemory<byte> bytes)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(1)); // a server that reads no more is as good
        try
        {
            await stream.WriteAsync(bytes, limit.Token);
            return true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return false; // cut; or the limit: nothing else cancels
        }
    }

    /// <summary>The first line of the answer, or nothing if the connection ends without one.</summary>
    public static async Task<string> StatusAsync(NetworkStream stream)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        using StreamReader reader = new(stream, Encoding.Latin1, leaveOpen: true);
        try
        {
            return await reader.ReadLineAsync(limit.Token) ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string Local(string scheme, int port) => string.Create(CultureInfo.InvariantCulture, $"{scheme}://127.0.0.1:{port}");
}
