using System.ComponentModel.DataAnnotations;
using TunnelAspire.Agent;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Tests.Agent;

public sealed class AgentOptionsTests
{
    private readonly AgentOptions _options = new() { Server = "https://relay.example", Forwards = { ["db"] = "5432:db:5432" } };

    [Fact]
    public void Check_OfTheLeastThatIsNeeded_Passes() => _options.Check();

    [Theory]
    [InlineData("http://relay.example")]
    [InlineData("https://relay.example:8443/tunnel/")]
    [InlineData("HTTPS://relay.example")]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://[::1]:8080")]
    public void Check_OfAServer_Passes(string server)
    {
        _options.Server = server;

        _options.Check();

        Assert.Equal(new Uri(server), _options.ParseServer());
    }

    [Theory]
    [InlineData("", "the server's URL is missing")]
    [InlineData("relay.example", "the server 'relay.example'")]
    [InlineData("relay.example:80", "the server 'relay.example:80'")]
    [InlineData("ftp://relay.example", "the server 'ftp://relay.example'")]
    [InlineData("wss://relay.example", "the server 'wss://relay.example'")]
    [InlineData("/tunnel", "the server '/tunnel'")]
    [InlineData("https://", "the server 'https://'")]
    [InlineData("https://relay.example:99999", "the server 'https://relay.example:99999'")]
    [InlineData("https://relay.example?a=b", "the server 'https://relay.example?a=b'")]
    [InlineData("https://relay.example#f", "the server 'https://relay.example#f'")]
    public void Check_OfWhatIsNoServer_NamesIt(string server, string message)
    {
        _options.Server = server;

        Refuses(message);
    }

    [Theory]
    [InlineData("poll", ChannelMode.Poll)]
    [InlineData("Poll", ChannelMode.Poll)]
    [InlineData("burst", ChannelMode.Burst)]
    [InlineData("stream", ChannelMode.Stream)]
    [InlineData("auto", ChannelMode.Burst)]
    [InlineData("AUTO", ChannelMode.Burst)]
    public void ParseMode_OfAMode_IsMeant(string mode, ChannelMode meant)
    {
        _options.Mode = mode;

        _options.Check();

        Assert.Equal(meant, _options.ParseMode());
    }

    [Theory]
    [InlineData("")]
    [InlineData("fast")]
    [InlineData("0")]
    public void Check_OfWhatIsNoMode_NamesIt(string mode)
    {
        _options.Mode = mode;

        Refuses($"the mode '{mode}' is none of auto, poll, burst");
    }

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("http://proxy.example:3128")]
    [InlineData("http://user:secret@proxy.example:3128")]
    public void Check_OfAProxy_Passes(string proxy)
    {
        _options.Proxy = proxy;

        _options.Check();
    }

    [Theory]
    [InlineData("proxy.example:3128")]
    [InlineData("socks5://proxy.example")]
    [InlineData(" ")]
    public void Check_OfWhatIsNoProxy_NamesIt(string proxy)
    {
        _options.Proxy = proxy;

        Refuses($"the proxy '{proxy}'");
    }

    [Fact]
    public void Check_OfWhatIsNoProxy_KeepsItsPassword()
    {
        _options.Proxy = "ftp://clerk:secret@proxy.example";

        Refuses("the proxy 'proxy.example' is not a URL");
    }

    [Theory]
    [InlineData("http://relay.example", "auto", 1, HttpVersionPolicy.RequestVersionExact)]
    [InlineData("http://relay.example", "2", 2, HttpVersionPolicy.RequestVersionExact)]
    [InlineData("https://relay.example", "AUTO", 2, HttpVersionPolicy.RequestVersionOrLower)]
    [InlineData("https://relay.example", "1.1", 1, HttpVersionPolicy.RequestVersionExact)]
    [InlineData("https://relay.example", "2", 2, HttpVersionPolicy.RequestVersionExact)]
    public void ParseHttpVersion_OfAVersion_IsMeant(string server, string version, int major, HttpVersionPolicy policy)
    {
        (_options.Server, _options.HttpVersion) = (server, version);

        _options.Check();

        Assert.Equal((major, policy), (_options.ParseHttpVersion().Version.Major, _options.ParseHttpVersion().Policy));
    }

    [Theory]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("HTTP/2")]
    public void Check_OfWhatIsNoVersion_NamesIt(string version)
    {
        _options.HttpVersion = version;

        Refuses($"the HTTP version '{version}' is none of auto, 1.1, 2");
    }

    [Theory]
    [InlineData("relay.example", true)]
    [InlineData("relay.example:8443", true)]
    [InlineData("relay.example:443", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:443", true)]
    [InlineData("https://relay.example", false)]
    [InlineData("relay.example/path", false)]
    [InlineData("relay example", false)]
    [InlineData("clerk@relay.example", false)]
    [InlineData("relay.example:99999", false)]
    [InlineData(" ", false)]
    public void Check_OfAHost_TakesNamesOnly(string host, bool valid)
    {
        _options.Host = host;
        if (valid)
        {
            _options.Check();
        }
        else
        {
            Refuses($"the host '{host}' is not name[:port]");
        }
    }

    [Theory]
    [InlineData("client.pem", "", "", "--cert and --key belong together")]
    [InlineData("", "client.key", "", "--cert and --key belong together")]
    [InlineData("", "", "ca.pem", "--ca, --cert and --key (Agent:Ca, Agent:Certificate, Agent:Key) are for https://")]
    [InlineData("client.pem", "client.key", "", "--ca, --cert and --key (Agent:Ca, Agent:Certificate, Agent:Key) are for https://")]
    public void Check_OfFilesThatDoNotGoTogether_SaysSo(string certificate, string key, string ca, string message)
    {
        _options.Server = ca.Length > 0 || (certificate.Length > 0 && key.Length > 0) ? "http://relay.example" : "https://relay.example";
        (_options.Certificate, _options.Key, _options.Ca) = (certificate, key, ca);

        Refuses(message);
    }

    [Theory]
    [InlineData("X-Key: secret", "X-Key", "secret")]
    [InlineData("X-Key:secret", "X-Key", "secret")]
    [InlineData("X-Key:   secret  ", "X-Key", "secret")]
    [InlineData("X-Key: a:b", "X-Key", "a:b")]
    [InlineData("X-Key:", "X-Key", "")]
    public void ParseHeader_OfAHeader_IsRead(string header, string name, string value)
    {
        _options.Headers = [header];

        _options.Check();

        Assert.Equal(new KeyValuePair<string, string>(name, value), AgentOptions.ParseHeader(header));
    }

    [Theory]
    [InlineData("")]
    [InlineData("X-Key")]
    [InlineData(": secret")]
    [InlineData(" : secret")]
    [InlineData("X Key: secret")]
    [InlineData("X-Key: a\r\nX-Other: b")]
    [InlineData("X-\0Key: a")]
    [InlineData("X(: a")]
    [InlineData("A,B: a")]
    [InlineData("Content-Type: text/plain")]
    [InlineData("X-Key: h\u00f6h")]
    public void Check_OfWhatIsNoHeader_NamesIt(string header)
    {
        _options.Headers = ["X-First: fine", header];

        Refuses($"the header '{header}' is not 'Name: value'");
    }

    [Fact]
    public void Check_WithNothingToForward_SaysSo()
    {
        _options.Forwards.Clear();

        Refuses("nothing to forward");
    }

    [Fact]
    public void Check_WithAProxyPortAlone_Passes()
    {
        _options.Forwards.Clear();
        _options.Socks.Listen = ["1080"];

        _options.Check();
    }

    [Theory]
    [InlineData("db:5432")]
    [InlineData("unix:/run/app.sock")]
    public void Check_WithStandardStreamsAlone_Passes(string target)
    {
        _options.Forwards.Clear();
        _options.Standard = target;

        _options.Check();
    }

    [Fact]
    public void Check_WithAProxyPortThatIsWrong_NamesIt()
    {
        _options.Socks.Listen = ["1080", "wrong"];

        Refuses("'wrong' is no address to listen on");
    }

    [Fact]
    public void Check_WithStandardStreamsThatLeadNowhere_NamesIt()
    {
        _options.Standard = "wrong";

        Refuses("'wrong' is no host:port");
    }

    [Theory]
    [InlineData("ann", "")]
    [InlineData("", "secret")]
    public void Check_WithHalfOfAPassword_SaysSo(string user, string password)
    {
        (_options.Socks.User, _options.Socks.Password) = (user, password);

        Refuses("Agent:Socks:User and Agent:Socks:Password belong together");
    }

    [Theory]
    [InlineData("a:b", 6)]
    [InlineData("ann", 256)]
    public void Check_WithAPasswordThatCannotBeSent_SaysSo(string user, int length)
    {
        (_options.Socks.User, _options.Socks.Password) = (user, new string('p', length));

        Refuses("Agent:Socks:User and Agent:Socks:Password have at most 255 bytes");
    }

    [Fact]
    public void Check_WithOneForwardThatIsWrong_NamesIt()
    {
        _options.Forwards["other"] = "wrong";

        Refuses("'wrong' is not a forward");
    }

    [Theory]
    [InlineData("binary/tcp", true)]
    [InlineData("application/octet-stream", true)]
    [InlineData("text/plain", false)]
    [InlineData("binary/tcp; charset=utf-8", false)]
    public void MediaType_OneOfTheTwoOrNot_IsTold(string mediaType, bool valid)
    {
        _options.MediaType = mediaType;

        Assert.Equal(valid, Validator.TryValidateObject(_options, new ValidationContext(_options), null, validateAllProperties: true));
    }

    private void Refuses(string message) =>
        Assert.StartsWith(message, Assert.ThrowsAny<FormatException>(_options.Check).Message, StringComparison.Ordinal);
}
