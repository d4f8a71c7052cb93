using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TunnelAspire.Agent.Http;

/// <summary>What a proxy says about itself when it refuses: its product, and the schemes by which it wants to know who asks.</summary>
/// <param name="Product">The answer's <c>Server</c>; empty where it has none.</param>
/// <param name="Schemes">The schemes of <c>Proxy-Authenticate</c>, in its order.</param>
public sealed record ProxyDemand(string Product, IReadOnlyList<string> Schemes)
{
    private const int LongestHead = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Of an answer that the proxy gave.</summary>
    public static ProxyDemand Of(HttpResponseMessage answer) =>
        new(answer.Headers.Server.ToString(), [.. answer.Headers.ProxyAuthenticate.Select(challenge => challenge.Scheme)]);

    /// <summary>
    /// Asks the proxy for a connection to the server, as nobody: the framework keeps the refusal of a CONNECT to itself. Where it
    /// cannot be asked, the demand is empty.
    /// </summary>
    public static async Task<ProxyDemand> AskAsync(ForwardProxy proxy, Uri server, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return proxy.Address.Scheme == Uri.UriSchemeHttp ? Of(await HeadAsync(proxy, server, limit.Token)) : new ProxyDemand("", []);
        }
        catch (Exception e) when (e is IOException or SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Its refusal stands; only who it is stays unknown.
            return new ProxyDemand("", []);
        }
    }

    /// <summary>
    /// <code>
    /// HTTP/1.1 407 Proxy Authentication Required
    /// Server: squid/5.7
    /// Proxy-Authenticate: Basic realm="office"
    /// </code>
    /// </summary>
    internal static HttpResponseMessage Parse(string head)
    {
        HttpResponseMessage answer = new(HttpStatusCode.ProxyAuthenticationRequired);
        foreach (string line in head.Split("\r\n").Skip(1).TakeWhile(line => line.Length > 0))
        {
            string[] field = line.Split(':', 2);
            if (field is ["Server" or "server" or "Proxy-Authenticate" or "proxy-authenticate", { } value])
            {
                answer.Headers.TryAddWithoutValidation(field[0], value.Trim());
            }
        }

        return answer;
    }

    private static async Task<HttpResponseMessage> HeadAsync(ForwardProxy proxy, Uri server, CancellationToken cancellationToken)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new DnsEndPoint(proxy.Address.DnsSafeHost, proxy.Address.Port), cancellationToken);
        using NetworkStream stream = new(socket);
        string destination = string.Create(CultureInfo.InvariantCulture, $"{server.IdnHost}:{server.Port}");
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {destination} HTTP/1.1\r\nHost: {destination}\r\n\r\n"), cancellationToken);
        byte[] head = new byte[LongestHead];
        int length = 0;
        while (length < head.Length && !head.AsSpan(0, length).EndsWith("\r\n\r\n"u8) && head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            int count = await stream.ReadAsync(head.AsMemory(length), cancellationToken);
            if (count == 0)
            {
                break;
            }

            length += count;
        }

        return Parse(Encoding.ASCII.GetString(head, 0, length));
    }
}
