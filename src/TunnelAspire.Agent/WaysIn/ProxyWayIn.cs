using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>The client names the target in SOCKS5, SOCKS4, SOCKS4a or HTTP, told apart by the first byte: <c>-D</c>.</summary>
internal sealed class ProxyWayIn(SocksOptions options, TimeProvider time) : IWayIn
{
    /// <summary>How long a client may take for its request.</summary>
    public static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    private readonly Socks5WayIn _socks5 = new(options);
    private readonly Socks4WayIn _socks4 = new(options);
    private readonly HttpWayIn _http = new(options);

    /// <summary>Whether clients have to give name and password.</summary>
    public bool AsksForPassword => options.AsksForPassword;

    /// <inheritdoc/>
    public async ValueTask<Arrival> GreetAsync(ClientSocket client, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timer = new(HandshakeLimit, time);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await Choose(await client.PeekAsync(limit.Token)).GreetAsync(client, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time limit's cancellation, not the agent's stop.
            throw new HandshakeException($"no complete request within {HandshakeLimit.TotalSeconds:0} s");
        }
    }

    private IWayIn Choose(byte first) => first switch
    {
        Socks5WayIn.Version => _socks5,
        Socks4WayIn.Version => _socks4,
        _ when char.IsAsciiLetter((char)first) => _http,
        0x16 => throw new HandshakeException("the client speaks TLS to the proxy; its URL begins with http://, not https://"),
        _ => throw new HandshakeException($"the first byte, 0x{first:x2}, begins neither a SOCKS nor an HTTP request"),
    };

    /// <summary>Reads the host and port that a client has sent, as the far end is to resolve them.</summary>
    internal static bool TryParseTarget(string host, int port, out TargetAddress? target) =>
        TargetAddress.TryParse(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}", out target);
}
