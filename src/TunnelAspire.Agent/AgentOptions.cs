using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Settings;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent;

/// <summary>Configuration section <c>Agent</c>; the command line's options say the same and win.</summary>
public sealed partial class AgentOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Agent";

    /// <summary>Value of <see cref="Proxy"/> that goes past the environment's proxy.</summary>
    public const string NoProxy = "none";

    /// <summary>Value of <see cref="Mode"/> that leaves the choice to the agent.</summary>
    public const string AutoMode = "auto";

    /// <summary>Value of <see cref="HttpVersion"/> that leaves the choice to the agent and the server.</summary>
    public const string AutoVersion = "auto";

    /// <summary>URL of the relays, with a path if they stand behind one. Required.</summary>
    public string Server { get; set; } = "";

    /// <summary>Local ports and where they lead, each <c>[bind:]port:host:hostport</c>, by name; see <see cref="Forwards.ForwardSpec"/>. A list's names are its numbers.</summary>
    public IDictionary<string, string> Forwards { get; set; } = new Dictionary<string, string>();

    /// <summary>Local ports whose clients name the target themselves, by SOCKS or HTTP.</summary>
    public SocksOptions Socks { get; set; } = new();

    /// <summary>The target to which standard input and output lead. Default: they are not carried.</summary>
    public string Standard { get; set; } = "";

    /// <summary>How bytes are moved: <c>poll</c>, <c>burst</c>, <c>stream</c> or <c>auto</c>. Default: auto.</summary>
    public string Mode { get; set; } = AutoMode;

    /// <summary>URL of an HTTP proxy, or <c>none</c>. Default: what the environment says (<c>HTTP_PROXY</c>, <c>NO_PROXY</c> …).</summary>
    public string Proxy { get; set; } = "";

    /// <summary>Name at the proxy, <c>user[:password]</c>; wins over the proxy's URL. <c>:</c> is whoever is logged in to this machine. A password that is missing comes from the environment variable <c>TUNNEL_PROXY_PASSWORD</c>.</summary>
    public string ProxyUser { get; set; } = "";

    /// <summary>HTTP version: <c>1.1</c>, <c>2</c>, or <c>auto</c>: without TLS 1.1, with TLS the best that the server offers. Default: auto.</summary>
    public string HttpVersion { get; set; } = AutoVersion;

    /// <summary>The server's name in requests and in TLS, <c>name[:port]</c>, where its address is not its name. Default: the URL's.</summary>
    public string Host { get; set; } = "";

    /// <summary>PEM file with the authorities that the server's certificate must come from. Default: those that the machine trusts.</summary>
    public string Ca { get; set; } = "";

    /// <summary>PEM file with the certificate that the agent presents, followed by its chain. Default: none.</summary>
    public string Certificate { get; set; } = "";

    /// <summary>PEM file with the private key of <see cref="Certificate"/>, without a password.</summary>
    public string Key { get; set; } = "";

    /// <summary>The token by which the server knows who opens sessions. Default: the environment variable <c>TUNNEL_TOKEN</c>.</summary>
    public string Token { get; set; } = "";

    /// <summary>File with the token, read again for each open. Default: none.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>Headers to add to every request, each <c>Name: value</c>.</summary>
    public IList<string> Headers { get; set; } = [];

    /// <summary>Media type of request bodies. Default <c>binary/tcp</c>; <c>application/octet-stream</c> passes filters that refuse it.</summary>
    [RegularExpression("^(binary/tcp|application/octet-stream)$", ErrorMessage = "Agent:MediaType is binary/tcp or application/octet-stream")]
    public string MediaType { get; set; } = TunnelMediaTypes.BinaryTcp;

    /// <summary>How long opening a session is tried. Default 30 s, 1 s to 10 min.</summary>
    [Duration("00:00:01", "00:10:00", ErrorMessage = "Agent:OpenTimeout must be 00:00:01 to 00:10:00 (hh:mm:ss)")]
    public TimeSpan OpenTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Path of the control socket, or <c>none</c>. Default: one in the user's folder for such things, named by the process id.</summary>
    public string Control { get; set; } = "";
}

/// <summary>Checks the options' annotations, in code that is generated from them.</summary>
[OptionsValidator]
internal sealed partial class AgentOptionsValidator : IValidateOptions<AgentOptions>;
