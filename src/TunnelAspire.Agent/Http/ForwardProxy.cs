using System.Net;

namespace TunnelAspire.Agent.Http;

/// <summary>The proxy that the agent is told to go through, and who it is there.</summary>
/// <param name="Address">Its URL, without a name and a password.</param>
/// <param name="Login">The name and the password, where they are known.</param>
public sealed record ForwardProxy(Uri Address, NetworkCredential? Login)
{
    /// <summary>The environment variable with the password that belongs to <see cref="AgentOptions.ProxyUser"/>.</summary>
    public const string PasswordVariable = "TUNNEL_PROXY_PASSWORD";

    /// <summary>Name and password of <see cref="AgentOptions.ProxyUser"/> that mean whoever is logged in to this machine, as in curl.</summary>
    public const string LoggedIn = ":";

    /// <summary>Where it is, as messages name it.</summary>
    public string Authority => Address.Authority;

    /// <summary>Whether it reads requests to the server and passes each on, and does not merely join two connections.</summary>
    /// <param name="server">The server's URL.</param>
    public bool ReadsRequestsTo(Uri server) => server.Scheme == Uri.UriSchemeHttp && Address.Scheme is "http" or "https";

    /// <summary>The proxy for the server: the options', or else the environment's (<c>HTTP_PROXY</c>, <c>NO_PROXY</c> …). Null: none.</summary>
    public static ForwardProxy? Find(AgentOptions options)
    {
        if (options.Proxy == AgentOptions.NoProxy)
        {
            return null;
        }

        Uri server = options.ParseServer();
        if (options.Proxy.Length > 0)
        {
            Uri url = new(options.Proxy);
            return new ForwardProxy(Bare(url), Chosen(options) ?? FromUrl(url));
        }

        return !HttpClient.DefaultProxy.IsBypassed(server) && HttpClient.DefaultProxy.GetProxy(server) is { } found
            ? new ForwardProxy(Bare(found), Chosen(options) ?? HttpClient.DefaultProxy.Credentials?.GetCredential(found, "Basic") ?? FromUrl(found))
            : null;
    }

    private static Uri Bare(Uri url) => new UriBuilder(url) { UserName = "", Password = "" }.Uri;

    private static NetworkCredential? Chosen(AgentOptions options) => options.ProxyUser switch
    {
        "" => null,
        LoggedIn => CredentialCache.DefaultNetworkCredentials,
        { } text => Read(text.Split(':', 2)),
    };

    private static NetworkCredential? FromUrl(Uri url) =>
        url.UserInfo.Length == 0 ? null : Read([.. url.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString)]);

    /// <summary>Reads <c>user</c>, <c>user:password</c>, <c>domain\user:password</c>.</summary>
    private static NetworkCredential Read(string[] user)
    {
        string password = user.Length > 1 ? user[1] : Environment.GetEnvironmentVariable(PasswordVariable) ?? "";
        return user[0].Split('\\', 2) is [{ } domain, { } name] ? new NetworkCredential(name, password, domain) : new NetworkCredential(user[0], password);
    }
}
