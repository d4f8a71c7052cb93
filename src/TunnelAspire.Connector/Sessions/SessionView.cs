using System.Text.Json;
using System.Text.Json.Serialization;

namespace TunnelAspire.Connector.Sessions;

/// <summary>A session as operators see it; what is secret of it is not here.</summary>
internal sealed record SessionView(
    string Id,
    string Target,
    string Caller,
    string? Agent,
    string Rule,
    string Source,
    string Connector,
    IEnumerable<string> Relays,
    long BytesUp,
    long BytesDown,
    double AgeSeconds)
{
    /// <summary>The session as it is now.</summary>
    public static SessionView Of(TargetSession session, string connector) => new(
        session.Id.Prefix,
        session.Target.ToString(),
        session.Caller.Name,
        session.Agent,
        session.Rule,
        session.Source,
        connector,
        session.Relays,
        session.BytesUp,
        session.BytesDown,
        Math.Round(session.Age.TotalSeconds, 1));
}

/// <summary>The list's JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(IEnumerable<SessionView>))]
internal sealed partial class SessionViews : JsonSerializerContext;
