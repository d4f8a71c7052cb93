using System.Net;
using System.Text;
using TunnelAspire.Agent.Doctor;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class ForeignAnswerTests
{
    private static readonly Uri Asked = new("http://relay.example/v1/path?n=1");

    [Theory]
    [InlineData(407, "", "", "the forward proxy asks for a user name and a password (407, Basic)")]
    [InlineData(511, "", "", "a captive portal holds this network: 511")]
    [InlineData(302, "http://portal.example/login?x=1", "", "a redirect instead of the tunnel's answer: 302 Found by gate, to http://portal.example")]
    [InlineData(302, "/login", "", "a redirect instead of the tunnel's answer: 302 Found by gate, to http://relay.example")]
    [InlineData(301, "https://relay.example/v1/path?n=1", "", "the server wants https: 301")]
    [InlineData(200, "", "<html><head><TITLE lang=en>\n Sign in &amp; pay\u001b[2J </title>", "a page \"Sign in & pay[2J\" by gate instead of the tunnel's answer")]
    [InlineData(200, "", "nothing", "a page by gate instead of the tunnel's answer")]
    [InlineData(403, "", "", "access is refused before the relay: 403 Forbidden by gate")]
    [InlineData(404, "", "", "a web server answers there, but no relay under this path: 404")]
    [InlineData(413, "", "", "refuses the request for its size")]
    [InlineData(502, "", "", "a gateway answers that it does not reach the relay: 502")]
    [InlineData(522, "", "", "a gateway answers that it does not reach the relay: 522")]
    [InlineData(418, "", "", "somebody answers in the tunnel's place: 418")]
    public async Task Name_OfAForeignAnswer_SaysWhatItIs(int status, string location, string page, string words)
    {
        using HttpResponseMessage answer = new((HttpStatusCode)status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(page)) };
        answer.Headers.Server.ParseAdd("gate");
        answer.Headers.Location = location.Length > 0 ? new Uri(location, UriKind.RelativeOrAbsolute) : null;
        answer.Headers.ProxyAuthenticate.ParseAdd("Basic realm=\"squid\"");

        DoctorException named = await ForeignAnswer.NameAsync(answer, Asked, CancellationToken.None);

        Assert.Contains(words, named.Message, StringComparison.Ordinal);
        Assert.NotEmpty(named.Advice);
    }
}
