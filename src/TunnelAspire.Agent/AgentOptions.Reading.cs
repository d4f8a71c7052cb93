using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Http;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent;

/// <summary>What the settings mean, and whether they can be used.</summary>
public sealed partial class AgentOptions
{
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
        ForwardPlan.Of(this, TimeProvider.System);
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
            : throw new FormatException($"the header '{header}' is not 'Name: value' of a request");
    }

    private void CheckToken()
    {
        if (Token.Length > 0 && TokenFile.Length > 0)
        {
            throw new FormatException("--token and --token-file (Agent:Token and Agent:TokenFile) exclude each other");
        }

        if (Token.Length > 0 && !CallerToken.IsToken(Token.Trim()))
        {
            throw new FormatException("the token that is given is none (--token, Agent:Token): it has characters that no token has");
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
            throw new SettingException(Ca.Length > 0 ? "Agent:Ca" : "Agent:Certificate", $"--ca, --cert and --key (Agent:Ca, Agent:Certificate, Agent:Key) are for https://: the server {ParseServer()} has no TLS");
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
