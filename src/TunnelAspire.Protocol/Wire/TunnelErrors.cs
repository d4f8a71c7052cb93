using System.Collections.Frozen;

namespace TunnelAspire.Protocol.Wire;

/// <summary>Whether repeating the same request can succeed.</summary>
public enum TunnelErrorKind
{
    /// <summary>It cannot: the session, or the attempt to open one, is over.</summary>
    Final,

    /// <summary>It can, after a pause, within the session's grace time.</summary>
    Retry,
}

/// <summary>The one table of errors: code on the wire, HTTP status, and whether to try again.</summary>
public static class TunnelErrors
{
    private sealed record Entry(TunnelError Error, string Code, int Status, TunnelErrorKind Kind, string Title);

    // What went wrong at the target is 424 (RFC 4918 §11.4), not 502 or 504: gateways and CDNs replace those with pages of their own.
    private static readonly Entry[] Table =
    [
        new(TunnelError.Malformed, "malformed", 400, TunnelErrorKind.Final, "The request breaks the protocol"),
        new(TunnelError.MethodNotAllowed, "method-not-allowed", 405, TunnelErrorKind.Final, "The path does not take this method"),
        new(TunnelError.UnsupportedMediaType, "unsupported-media-type", 415, TunnelErrorKind.Final, "The body's media type carries no TCP bytes"),
        new(TunnelError.Unauthenticated, "unauthenticated", 401, TunnelErrorKind.Final, "The caller is not authenticated"),
        new(TunnelError.IdentityUnavailable, "identity-unavailable", 503, TunnelErrorKind.Retry, "The caller's issuer is out of reach"),
        new(TunnelError.UntrustedRelay, "untrusted-relay", 403, TunnelErrorKind.Final, "The request does not come from a relay of this cluster"),
        new(TunnelError.ForbiddenTarget, "forbidden-target", 403, TunnelErrorKind.Final, "The target is not allowed"),
        new(TunnelError.TargetNotResolved, "target-not-resolved", 424, TunnelErrorKind.Final, "The target's name does not resolve"),
        new(TunnelError.TargetRefused, "target-refused", 424, TunnelErrorKind.Final, "The target refused the connection"),
        new(TunnelError.TargetTimedOut, "target-timed-out", 424, TunnelErrorKind.Final, "The target did not answer in time"),
        new(TunnelError.TargetUnreachable, "target-unreachable", 424, TunnelErrorKind.Final, "The target cannot be reached"),
        new(TunnelError.TargetReset, "target-reset", 410, TunnelErrorKind.Final, "The target reset the connection"),
        new(TunnelError.NoConnector, "no-connector", 503, TunnelErrorKind.Retry, "No connector takes new sessions"),
        new(TunnelError.ConnectorUnreachable, "connector-unreachable", 503, TunnelErrorKind.Retry, "The session's connector does not answer"),
        new(TunnelError.SessionUnknown, "session-unknown", 404, TunnelErrorKind.Retry, "No such session"),
        new(TunnelError.SessionGone, "session-gone", 410, TunnelErrorKind.Final, "The session is over"),
        new(TunnelError.SessionExpired, "session-expired", 410, TunnelErrorKind.Final, "The session's lifetime is over"),
        new(TunnelError.Superseded, "superseded", 409, TunnelErrorKind.Retry, "A newer reader has taken over"),
        new(TunnelError.OffsetGap, "offset-gap", 409, TunnelErrorKind.Retry, "Bytes before the offset are missing"),
        new(TunnelError.BodyTooLarge, "body-too-large", 413, TunnelErrorKind.Retry, "The body is too large"),
        new(TunnelError.TooMany, "too-many", 429, TunnelErrorKind.Retry, "A limit is reached"),
        new(TunnelError.Overloaded, "overloaded", 503, TunnelErrorKind.Retry, "The server's memory is used up"),
        new(TunnelError.Draining, "draining", 503, TunnelErrorKind.Retry, "The component is stopping"),
        new(TunnelError.RoutingUnavailable, "routing-unavailable", 503, TunnelErrorKind.Retry, "The routing store is out of reach"),
        new(TunnelError.Internal, "internal", 500, TunnelErrorKind.Retry, "A fault in the tunnel"),
    ];

    private static readonly FrozenDictionary<TunnelError, Entry> ByError = Table.ToFrozenDictionary(entry => entry.Error);
    private static readonly FrozenDictionary<string, Entry> ByCode = Table.ToFrozenDictionary(entry => entry.Code);

    /// <summary>The code that names the error on the wire, e.g. <c>target-refused</c>.</summary>
    public static string Code(this TunnelError error) => ByError[error].Code;

    /// <summary>The HTTP status that answers with the error.</summary>
    public static int Status(this TunnelError error) => ByError[error].Status;

    /// <summary>Whether the same request may be repeated.</summary>
    public static TunnelErrorKind Kind(this TunnelError error) => ByError[error].Kind;

    /// <summary>The problem document's title.</summary>
    public static string Title(this TunnelError error) => ByError[error].Title;

    /// <summary>Reads a code; one that a later version may have added is not known here.</summary>
    public static bool TryParse(string? code, out TunnelError error)
    {
        bool known = ByCode.TryGetValue(code ?? "", out Entry? entry);
        error = entry?.Error ?? default;
        return known;
    }
}
