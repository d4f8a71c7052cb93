using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Agent.Http;

/// <summary>Says who on the path is to blame for an exchange that failed, and what to do about it.</summary>
internal static class PathFailure
{
    private const long Http11Required = 0xd; // RFC 9113 section 7

    /// <summary>The failure of an exchange that has no answer.</summary>
    /// <param name="e">What the client threw.</param>
    /// <param name="server">The way that was taken.</param>
    /// <param name="cancellationToken">The exchange's own end: its cancellation stays as it is.</param>
    public static async Task<Exception> OfAsync(Exception e, TunnelServer server, CancellationToken cancellationToken) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } refused => await RefusedAsync(refused, server, cancellationToken),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } when server.Proxy is { } proxy =>
            new CarrierException(CarrierFault.Barred, $"proxy {proxy.Authority} cannot be reached: {Innermost(e)}. Check --proxy and the environment's proxy; --proxy none goes past it", e),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
            new CarrierException(CarrierFault.Lost, $"the server's name {server.Url.Host} cannot be resolved: {Innermost(e)}. Check the URL; where only a proxy knows the name, give --proxy", e),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } =>
            new CarrierException(CarrierFault.Lost, $"cannot connect to {server.Url.Authority}: {Innermost(e)}", e),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } when IsVerdict(e) =>
            new CarrierException(CarrierFault.Barred, $"no TLS with {server.Url.Authority}: {Innermost(e)}{TlsAdvice(e)}", e),
        HttpRequestException or IOException when server.Tls.CertificateMissed =>
            new CarrierException(CarrierFault.Barred, $"{server.Url.Authority} asks for a client certificate and cut the connection without one: give --cert and --key", e),
        HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError } or HttpRequestException { InnerException: HttpProtocolException { ErrorCode: Http11Required } } =>
            new CarrierException(CarrierFault.Barred, $"{server.Url.Authority} does not offer the HTTP version that --http asks for: give --http auto", e),

        // A bare socket error comes out where a peer resets the connection as soon as it stands.
        HttpRequestException or IOException or SocketException => new CarrierException(CarrierFault.Lost, Innermost(e), e),
        OperationCanceledException when !cancellationToken.IsCancellationRequested =>
            new CarrierException(CarrierFault.Lost, server.Proxy is { } proxy ? $"connecting through proxy {proxy.Authority} took too long" : $"connecting to {server.Url.Authority} took too long: something drops what is sent there. Where a proxy is needed, give --proxy", e),
        _ => e,
    };

    /// <summary>A proxy wants to know who asks, and has not been told, or does not believe it.</summary>
    public static CarrierException Unauthenticated(ProxyDemand demand, ForwardProxy? proxy)
    {
        string who = demand.Product.Length > 0 ? $"proxy {demand.Product}" : "proxy";
        string where = proxy is null ? " on the way" : $" at {proxy.Authority}";
        string schemes = demand.Schemes.Count > 0 ? $"{string.Join(" or ", demand.Schemes)} " : "";
        string what = proxy switch
        {
            null => $"wants {schemes}credentials; the agent does not know of it: give --proxy",
            { Login: null } => $"wants {schemes}credentials: give --proxy-user USER, and the password in {ForwardProxy.PasswordVariable}",
            { Login: { UserName.Length: > 0, Password.Length: 0 } } => $"wants {schemes}credentials, and there is no password: set {ForwardProxy.PasswordVariable}",
            { Login: { UserName: { Length: > 0 } user } } => $"wants {schemes}credentials, and did not accept user '{user}' with the password given",
            _ => $"wants {schemes}credentials, and did not accept those of whoever is logged in",
        };
        return new CarrierException(CarrierFault.Barred, $"{who}{where} {what}");
    }

    /// <summary>The proxy did not make the connection: for good where it is to blame on the one who asks, else perhaps for now.</summary>
    private static async Task<Exception> RefusedAsync(HttpRequestException e, TunnelServer server, CancellationToken cancellationToken)
    {
        if (server.Proxy is not { } proxy || e.StatusCode is not { } status)
        {
            return new CarrierException(CarrierFault.Lost, e.Message, e);
        }

        ProxyDemand demand = await ProxyDemand.AskAsync(proxy, server.Url, cancellationToken);
        if (status == HttpStatusCode.ProxyAuthenticationRequired)
        {
            return Unauthenticated(demand, proxy);
        }

        string who = demand.Product.Length > 0 ? $"proxy {demand.Product} at {proxy.Authority}" : $"proxy {proxy.Authority}";
        string what = string.Create(CultureInfo.InvariantCulture, $"{who} refused to connect to {server.Url.Authority}: {(int)status} {status}");
        return new CarrierException((int)status is >= 400 and < 500 and not 408 and not 429 ? CarrierFault.Barred : CarrierFault.Foreign, what, e);
    }

    /// <summary>Whether one side has judged the other's certificate, or they agree on nothing; else the connection broke while they talked.</summary>
    private static bool IsVerdict(Exception e) => e.GetBaseException() is not (IOException or SocketException) || FindIn<AuthenticationException>(e) is not null;

    private static string TlsAdvice(Exception e) => Innermost(e) switch
    {
        { } said when said.Contains("RemoteCertificateNameMismatch", StringComparison.Ordinal) => ". If the server has another name than its URL, give --host NAME",
        { } said when said.Contains("certificate chain", StringComparison.Ordinal) => ". If it comes from an authority of your own, give --ca FILE; else somebody in between reads along",
        _ => "",
    };

    private static string Innermost(Exception e) => FindIn<AuthenticationException>(e)?.Message ?? e.GetBaseException().Message;

    private static T? FindIn<T>(Exception? e)
        where T : Exception
    {
        while (e is not null and not T)
        {
            e = e.InnerException;
        }

        return (T?)e;
    }
}
