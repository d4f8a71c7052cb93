using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Settings;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent;

/// <summary>Configuration section <c>Agent</c>; the command line's options say the same and win.</summary>
public sealed class AgentOptions
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

    /// <summary>The server as a URL.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public Uri ParseServer() => ParseUrl(Server, "Agent:Server", "the server");

    /// <summary>Whether the agent chooses the modes itself.</summary>
    public bool IsAutomatic => Mode.Equals(AutoMode, StringComparison.OrdinalIgnoreCase);

    /// <summary>The mode that is meant; where the agent chooses, the one to begin with.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public ChannelMode ParseMode() => Mode.ToLowerInvariant() switch
    {
        "poll" => ChannelMode.Poll,
        "burst" or AutoMode => ChannelMode.Burst,
        "stream" => ChannelMode.Stream,
        _ => throw new SettingException("Agent:Mode", $"the mode '{Mode}' is none of auto, poll, burst, stream"),
    };

    /// <summary>The target of standard input and output.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public TargetAddress ParseStandard() => TargetAddress.TryParse(Standard, out TargetAddress? target)
        ? target
        : throw new SettingException("Agent:Standard", $"'{Standard}' is no host:port to which standard input and output could lead");

    /// <summary>The HTTP version that is meant, and whether a lower one will do.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public (Version Version, HttpVersionPolicy Policy) ParseHttpVersion() => HttpVersion.ToLowerInvariant() switch
    {
        "1.1" => (System.Net.HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact),
        "2" => (System.Net.HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact),
        AutoVersion when ParseServer().Scheme == Uri.UriSchemeHttp => (System.Net.HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact),
        AutoVersion => (System.Net.HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower),
        _ => throw new SettingException("Agent:HttpVersion", $"the HTTP version '{HttpVersion}' is none of auto, 1.1, 2"),
    };

    /// <summary>Checks everything that is text.</summary>
    /// <exception cref="FormatException">Something is wrong; the message says what.</exception>
    public void Check()
    {
        CheckServer();
        ParseMode();
        Socks.Check();
        Agent.Forwards.ForwardPlan.Of(this, TimeProvider.System);
        if (Standard.Length > 0)
        {
            ParseStandard();
        }
        else if (Forwards.Count == 0 && Socks.Listen.Count == 0)
        {
            throw new SettingException("Agent:Forwards", "nothing to forward: give -L [bind:]port:host:hostport, -D [bind:]port or -W host:port, or Agent:Forwards in the configuration");
        }
    }

    /// <summary>Checks what says where the relays are and how to get there.</summary>
    /// <exception cref="FormatException">Something is wrong; the message says what.</exception>
    public void CheckServer()
    {
        ParseServer();
        if (Proxy.Length > 0 && Proxy != NoProxy)
        {
            ParseUrl(Proxy, "Agent:Proxy", "the proxy");
        }

        CheckWay();
        CheckToken();
        foreach (string header in Headers)
        {
            ParseHeader(header);
        }
    }

    internal static KeyValuePair<string, string> ParseHeader(string header)
    {
        int colon = header.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? "" : header[..colon].Trim();
        string value = colon < 0 ? "" : header[(colon + 1)..].Trim();
        using HttpRequestMessage request = new();
        return name.Length > 0 && value.All(c => c is >= ' ' and <= '~' or '\t') && request.Headers.TryAddWithoutValidation(name, value)
            ? new(name, value)
            : throw new SettingException("Agent:Headers", $"the header '{header}' is not 'Name: value' of a request");
    }

    private void CheckToken()
    {
        if (Token.Length > 0 && TokenFile.Length > 0)
        {
            throw new FormatException("--token and --token-file (Agent:Token and Agent:TokenFile) exclude each other");
        }

        if (Token.Length > 0 && !CallerToken.IsToken(Token.Trim()))
        {
            throw new FormatException("the token that is given is none: it has characters that no token has");
        }

        if (TokenFile.Length > 0 && !File.Exists(TokenFile))
        {
            throw new FormatException($"the token's file '{TokenFile}' does not exist");
        }

        if (new CallerToken(this).Known && Headers.Any(header => ParseHeader(header).Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase)))
        {
            throw new FormatException("a token and a header 'Authorization' exclude each other: the token goes in that header");
        }
    }

    private void CheckWay()
    {
        ParseHttpVersion();
        if (Host.Length > 0 && !(Uri.TryCreate($"https://{Host}/", UriKind.Absolute, out Uri? named) && (named.Authority.Equals(Host, StringComparison.OrdinalIgnoreCase) || $"{named.Host}:{named.Port}".Equals(Host, StringComparison.OrdinalIgnoreCase))))
        {
            throw new SettingException("Agent:Host", $"the host '{Host}' is not name[:port]");
        }

        if (Certificate.Length > 0 != Key.Length > 0)
        {
            throw new SettingException(Certificate.Length > 0 ? "Agent:Certificate" : "Agent:Key", "--cert and --key belong together: give both files, or none (Agent:Certificate, Agent:Key)");
        }

        if (Ca.Length + Certificate.Length > 0 && ParseServer().Scheme == Uri.UriSchemeHttp)
        {
            throw new SettingException(Ca.Length > 0 ? "Agent:Ca" : "Agent:Certificate", $"--ca, --cert and --key are for https://: the server {ParseServer()} has no TLS");
        }
    }

    private static Uri ParseUrl(string text, string key, string what)
    {
        if (text.Length == 0)
        {
            throw new SettingException(key, $"{what}'s URL is missing: give it on the command line, or as {key} in the configuration");
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && (url.Scheme is "http" or "https") && url.Query.Length == 0 && url.Fragment.Length == 0
            ? url
            : throw new SettingException(key, $"{what} '{text[(text.LastIndexOf('@') + 1)..]}' is not a URL that begins with http:// or https://");
    }
}

/// <summary>Checks the options' annotations, in code that is generated from them.</summary>
[OptionsValidator]
internal sealed partial class AgentOptionsValidator : IValidateOptions<AgentOptions>;
