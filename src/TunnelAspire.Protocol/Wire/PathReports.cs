using System.Text.Json;
using System.Text.Json.Serialization;

namespace TunnelAspire.Protocol.Wire;

/// <summary>What a relay sees of a request: the answer to <c>GET /v1/path</c>.</summary>
/// <param name="Protocol">HTTP version in which the request reached it, such as <c>HTTP/1.1</c>.</param>
/// <param name="Client">Address of whoever connected: the agent, or the last system before the relay.</param>
/// <param name="Via">The header <c>Via</c>, or null.</param>
/// <param name="ForwardedFor">The header <c>X-Forwarded-For</c>, or null.</param>
/// <param name="Host">The header <c>Host</c>.</param>
/// <param name="Relay">The relay's name.</param>
/// <param name="Version">The tunnel's version that it speaks.</param>
public sealed record PathView(string Protocol, string Client, string? Via, string? ForwardedFor, string Host, string Relay, string Version);

/// <summary>How a body reached a relay: the answer to <c>POST /v1/path/send</c>.</summary>
/// <param name="Protocol">HTTP version in which the request reached it.</param>
/// <param name="Client">Address of whoever connected.</param>
/// <param name="Via">The header <c>Via</c>, or null.</param>
/// <param name="ForwardedFor">The header <c>X-Forwarded-For</c>, or null.</param>
/// <param name="Bytes">Length of the body.</param>
/// <param name="Parts">When its parts arrived.</param>
public sealed record PathArrivals(string Protocol, string Client, string? Via, string? ForwardedFor, long Bytes, IReadOnlyList<PathPart> Parts);

/// <summary>A part of a body.</summary>
/// <param name="At">When its first byte was seen, in milliseconds since the request's head.</param>
/// <param name="Bytes">Its length.</param>
public sealed record PathPart(long At, long Bytes);

/// <summary>How the reports are written: <c>{"bytes":128,"parts":[{"at":0,"bytes":64},{"at":203,"bytes":64}], …}</c>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PathView))]
[JsonSerializable(typeof(PathArrivals))]
public sealed partial class PathReports : JsonSerializerContext;
