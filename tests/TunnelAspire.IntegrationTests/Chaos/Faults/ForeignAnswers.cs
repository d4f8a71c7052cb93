using System.Globalization;
using System.Text;

namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>What middleboxes say in the place of a server: errors with and without pages, captive portals, login forms, empty successes.</summary>
internal static class ForeignAnswers
{
    private const string Page = "<!doctype html><html><head><title>Notice</title></head><body><h1>Your request could not be completed</h1><form method=post action=/login><input name=user></form></body></html>";

    private static readonly int[] Statuses =
    [
        200, 204, 206, 301, 302, 303, 304, 307, 308,
        400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 444, 451, 494, 495, 496, 497, 499,
        500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 521, 522, 523, 524, 525, 526, 527, 530, 561, 598, 599,
    ];

    /// <summary>One of them.</summary>
    /// <param name="weather">Chooses.</param>
    /// <param name="opens">The request opens a session: a status that rightly ends the attempt at once (407: the way is barred) is left out.</param>
    public static byte[] Choose(Weather weather, bool opens)
    {
        int status = Statuses[weather.Below(Statuses.Length)];
        return Write(opens && status == 407 ? 403 : status, weather.Below(3));
    }

    /// <summary>A gateway's answer where no server can be reached.</summary>
    public static byte[] BadGateway() => Write(502, 0);

    /// <summary>Something that is no answer at all.</summary>
    public static byte[] Garbage(Weather weather) => weather.Below(3) switch
    {
        0 => "SSH-2.0-OpenSSH_9.9\r\n"u8.ToArray(),
        1 => "HTTP/1.1 200 OK\r\nContent-Length: minus one\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"u8.ToArray(),
        _ => [.. Enumerable.Range(0, 512).Select(_ => (byte)weather.Below(256))],
    };

    /// <summary>With a length, in chunks, or to the end of the connection.</summary>
    private static byte[] Write(int status, int framing)
    {
        bool empty = status is 204 or 304;
        string head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} Whatever\r\nServer: middlebox/1.0\r\nConnection: close\r\n") +
            (status is >= 300 and < 400 ? "Location: http://portal.invalid/login?from=tunnel\r\n" : "") +
            (status == 407 ? "Proxy-Authenticate: Basic realm=\"guests\"\r\n" : status == 401 ? "WWW-Authenticate: Basic realm=\"guests\"\r\n" : "") +
            (status is 429 or 503 ? "Retry-After: 3600\r\n" : "") +
            "Set-Cookie: seen=1\r\nCache-Control: max-age=600\r\n";
        return Encoding.ASCII.GetBytes(head + (empty, framing) switch
        {
            (true, _) => "\r\n",
            (_, 0) => $"Content-Type: text/html\r\nContent-Length: {Page.Length}\r\n\r\n{Page}",
            (_, 1) => $"Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n{Page.Length:x}\r\n{Page}\r\n0\r\n\r\n",
            _ => $"Content-Type: text/html\r\n\r\n{Page}",
        });
    }
}
