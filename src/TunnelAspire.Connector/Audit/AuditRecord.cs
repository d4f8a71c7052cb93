using System.Text.Json.Serialization;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http.Audit;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Audit;

/// <summary>What is kept of a session's open, be it refused, and of its end. Never payload, never a token or a key.</summary>
/// <param name="Time">When it was, in UTC.</param>
/// <param name="Event"><c>open</c>, <c>end</c>, or <c>lost</c>: records are missing before this one.</param>
public sealed record AuditRecord(DateTimeOffset Time, string Event)
{
    /// <summary>First characters of the session's id, as in logs.</summary>
    public string? Session { get; private init; }

    /// <summary>Who asked.</summary>
    public string? Caller { get; private init; }

    /// <summary>The caller's roles.</summary>
    public IReadOnlyList<string>? Roles { get; private init; }

    /// <summary>The agent's address as the relay saw it.</summary>
    public string? Agent { get; private init; }

    /// <summary>The relay that brought the open.</summary>
    public string? Relay { get; private init; }

    /// <summary>The connector that decided.</summary>
    public string? Connector { get; private init; }

    /// <summary>What was asked for.</summary>
    public string? Target { get; private init; }

    /// <summary>Where that was dialled: address and port.</summary>
    public string? Address { get; private init; }

    /// <summary><c>allowed</c> or <c>refused</c>.</summary>
    public string? Decision { get; private init; }

    /// <summary>The rule that decided; none where no rule fits.</summary>
    public string? Rule { get; private init; }

    /// <summary>The error with which the open was answered; none where the session is open.</summary>
    public string? Error { get; private init; }

    /// <summary>What was wrong.</summary>
    public string? Detail { get; private init; }

    /// <summary>Why the session ended.</summary>
    public string? Reason { get; private init; }

    /// <summary>Bytes that the target has accepted.</summary>
    public long? BytesUp { get; private init; }

    /// <summary>Bytes of the target that the client has acknowledged.</summary>
    public long? BytesDown { get; private init; }

    /// <summary>How long the session lasted, in seconds.</summary>
    public double? Seconds { get; private init; }

    /// <summary>How many opens a record of refused ones stands for.</summary>
    public long? Times { get; private init; }

    /// <summary>How many records are missing.</summary>
    public long? Records { get; private init; }

    /// <summary>A session is open.</summary>
    public static AuditRecord Opened(DateTimeOffset time, TargetSession session, string connector) =>
        Of(time, "open", session.Opening, connector) with { Address = session.Address };

    /// <summary>An open has failed.</summary>
    public static AuditRecord NotOpened(DateTimeOffset time, Opening opening, TunnelError error, string detail, string connector) =>
        Of(time, "open", opening, connector) with
        {
            Decision = opening.Decision?.Allowed != true || error == TunnelError.TooMany ? "refused" : "allowed",
            Error = error.Code(),
            Detail = opening.Decision?.Verdict.Unnamed is { } kind && !opening.Decision.Allowed ? $"{detail}: it is a {kind} address, and no rule names it" : detail,
        };

    /// <summary>A session has ended.</summary>
    public static AuditRecord Ended(DateTimeOffset time, TargetSession session, SessionEndReason reason, string connector) =>
        Of(time, "end", session.Opening, connector) with
        {
            Address = session.Address,
            Reason = reason.ToString(),
            BytesUp = session.BytesUp,
            BytesDown = session.BytesDown,
            Seconds = Math.Round(session.Age.TotalSeconds, 3),
        };

    /// <summary>Opens were refused before a connector's policy was asked.</summary>
    public static AuditRecord Refused(DateTimeOffset time, OpenRefusal refusal, string connector) => new(time, "refused")
    {
        Caller = refusal.Caller,
        Agent = refusal.Agent,
        Connector = connector,
        Target = refusal.Target,
        Decision = "refused",
        Error = refusal.Error.Code(),
        Detail = refusal.Detail,
        Times = refusal.Times,
    };

    /// <summary>Records are missing.</summary>
    public static AuditRecord Lost(DateTimeOffset time, long records) => new(time, "lost") { Records = records };

    private static AuditRecord Of(DateTimeOffset time, string name, Opening opening, string connector) => new(time, name)
    {
        Session = opening.Session.Prefix,
        Caller = PrintableText.Of(opening.Caller.Name),
        Roles = opening.Caller.Roles.Count > 0 ? [.. opening.Caller.Roles.Select(PrintableText.Of)] : null,
        Agent = opening.Agent,
        Relay = opening.Relay is { } relay ? PrintableText.Of(relay) : null,
        Connector = connector,
        Target = opening.Target.ToString(),
        Decision = "allowed",
        Rule = opening.Decision?.Verdict.Rule?.Name,
    };
}

/// <summary>The record's JSON: one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class AuditJson : JsonSerializerContext;
