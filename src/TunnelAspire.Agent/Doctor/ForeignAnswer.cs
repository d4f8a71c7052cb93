using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using TunnelAspire.Agent.Http;

namespace TunnelAspire.Agent.Doctor;

/// <summary>Says who answered in the tunnel's place, as far as the answer shows it.</summary>
internal static partial class ForeignAnswer
{
    private const int LongestTitle = 60;
    private const int MostRead = 16 * 1024;

    /// <summary>What it is, and what to do.</summary>
    public static async Task<DoctorException> NameAsync(HttpResponseMessage answer, Uri asked, CancellationToken cancellationToken)
    {
        string what = string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {answer.ReasonPhrase}").Trim();
        string by = answer.Headers.Server.Count > 0 ? $" by {answer.Headers.Server}" : "";
        (string reason, string advice) = (int)answer.StatusCode switch
        {
            407 => ProxyWantsName(string.Join(", ", answer.Headers.ProxyAuthenticate.Select(challenge => challenge.Scheme))),
            511 => Portal($"{what}{by}"),
            >= 300 and < 400 => Redirect(answer, asked, what, by),
            >= 200 and < 300 => Page(await TitleAsync(answer, cancellationToken), by),
            401 or 403 => ($"access is refused before the relay: {what}{by}", "A filter or an access rule on the way refuses the request. Ask who runs it; --header may carry what it wants to see."),
            404 => ($"a web server answers there, but no relay under this path: {what}{by}", "Check the URL, its path too. A relay of an older version has no endpoints for this examination."),
            413 => ($"somebody on the way refuses the request for its size: {what}{by}", "Ask who runs it."),
            502 or 503 or 504 or (>= 520 and <= 524) => ($"a gateway answers that it does not reach the relay: {what}{by}", "Check that the relay runs, and the gateway's address for it."),
            _ => ($"somebody answers in the tunnel's place: {what}{by}", "Check the URL; ask who runs the system that answers."),
        };
        return new DoctorException(reason, advice);
    }

    /// <summary>What to say where a proxy asks for authentication.</summary>
    /// <param name="schemes">The schemes that it offers, or nothing.</param>
    public static (string Reason, string Advice) ProxyWantsName(string schemes) => (
        $"the forward proxy asks for a user name and a password (407{(schemes.Length > 0 ? $", {schemes}" : "")})",
        $"Name the user with --proxy-user, and give the password in the environment variable {ForwardProxy.PasswordVariable}.");

    private static (string, string) Portal(string what) => (
        $"a captive portal holds this network: {what}", "Open any http:// page in a browser, sign in to the network, and try again.");

    private static (string, string) Redirect(HttpResponseMessage answer, Uri asked, string what, string by)
    {
        Uri? to = answer.Headers.Location is { } location ? new Uri(asked, location) : null;
        return to is { } same && same.IdnHost == asked.IdnHost && same.Scheme != asked.Scheme
            ? ($"the server wants {same.Scheme}: {what}{by}", $"Use the URL {same.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}.")
            : ($"a redirect instead of the tunnel's answer: {what}{by}, to {to?.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) ?? "nowhere"}",
                "A captive portal or a login page: open the URL in a browser and sign in, or give what it wants to see with --header.");
    }

    private static (string, string) Page(string title, string by) => (
        $"a page{(title.Length > 0 ? $" \"{title}\"" : "")}{by} instead of the tunnel's answer",
        "Check the URL. Where it is right, a captive portal, a block page or a cache answers: open the URL in a browser.");

    private static async Task<string> TitleAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            byte[] start = new byte[MostRead];
            await using Stream body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            int read = await body.ReadAtLeastAsync(start, MostRead, throwOnEndOfStream: false, cancellationToken);
            string title = Title().Match(System.Text.Encoding.UTF8.GetString(start, 0, read)).Groups["title"].Value;
            title = string.Join(' ', WebUtility.HtmlDecode(title).Split(default(char[]), StringSplitOptions.RemoveEmptyEntries).Select(Printable));
            return title.Length > LongestTitle ? $"{title[..LongestTitle]}…" : title;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return ""; // the title is a courtesy
        }
    }

    /// <summary>Foreign text, without the characters that a terminal would obey.</summary>
    private static string Printable(string word) => string.Concat(word.Where(c => !char.IsControl(c)));

    [GeneratedRegex("<title[^>]*>(?<title>[^<]*)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Title();
}
