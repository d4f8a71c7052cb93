namespace TunnelAspire.Protocol.Wire;

/// <summary>Paths and query parameters of the protocol.</summary>
public static class TunnelPaths
{
    /// <summary>Opens sessions; the parent of each session's path.</summary>
    public const string Sessions = "/v1/sessions";

    /// <summary>Query parameter of an open: the target, <c>host:port</c> or <c>unix:/path</c>; see <see cref="TargetAddress"/>.</summary>
    public const string Target = "target";

    /// <summary>Query parameter: offset of the body's first byte.</summary>
    public const string Offset = "offset";

    /// <summary>Query parameter: the offset at which the sender's stream ends.</summary>
    public const string Fin = "fin";

    /// <summary>Query parameter: all below it of the other direction has arrived.</summary>
    public const string Ack = "ack";

    /// <summary>Query parameter of a receive: the reader's generation. The newest wins.</summary>
    public const string Generation = "gen";

    /// <summary>Query parameter: the request's number, unique within the session.</summary>
    public const string Number = "n";

    /// <summary>Query parameter of a receive: how long to wait for bytes, in milliseconds.</summary>
    public const string Hold = "hold";

    /// <summary>Query parameter of a receive: the most bytes to answer with.</summary>
    public const string Max = "max";

    /// <summary>Query parameter of a receive: <c>1</c> asks for a chunked answer, flushed at each read.</summary>
    public const string Stream = "stream";

    /// <summary>Query parameter of an open: <c>1</c> asks that its answer be one to a first receive as well.</summary>
    public const string First = "receive";

    /// <summary>Query parameter of an abort: why.</summary>
    public const string Reason = "reason";

    /// <summary>What the relay sees of a request; the parent of the path probes.</summary>
    public const string Path = "/v1/path";

    /// <summary>Path probe: a body that is read, thrown away and reported.</summary>
    public const string PathSend = Path + "/send";

    /// <summary>Path probe: an answer in parts, at times that the request chooses.</summary>
    public const string PathReceive = Path + "/receive";

    /// <summary>Query parameter of a receiving probe: how long the answer's head waits, in milliseconds.</summary>
    public const string Wait = "wait";

    /// <summary>Query parameter of a receiving probe: how many parts the answer has.</summary>
    public const string Parts = "parts";

    /// <summary>Query parameter of a receiving probe: bytes of one part.</summary>
    public const string Size = "size";

    /// <summary>Query parameter of a receiving probe: how long to wait between two parts, in milliseconds.</summary>
    public const string Pause = "pause";

    /// <summary>Carries lanes: many requests in one.</summary>
    public const string Lanes = "/v1/lanes";

    /// <summary>The session's own path; DELETE ends it.</summary>
    public static string Session(SessionId id) => $"{Sessions}/{id}";

    /// <summary>Where the client's bytes are sent.</summary>
    public static string Send(SessionId id) => $"{Sessions}/{id}/send";

    /// <summary>Where the target's bytes are received.</summary>
    public static string Receive(SessionId id) => $"{Sessions}/{id}/receive";
}
