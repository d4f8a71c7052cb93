using System.Text.Json.Serialization;

namespace TunnelAspire.Agent.Status;

/// <summary>What an agent does at the moment: for <c>tunnel status</c>, its JSON and the live view. Bytes are bytes, rates bytes a second, times seconds unless they say otherwise.</summary>
/// <param name="Version">The agent's version.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Started">When it was started.</param>
/// <param name="Config">The configuration file that it goes by; null: none.</param>
/// <param name="Control">Its control socket; null: none.</param>
/// <param name="Path">The way to the relays.</param>
/// <param name="Forwards">The ways in.</param>
/// <param name="Sessions">The open sessions, fastest first.</param>
/// <param name="Totals">What all sessions come to.</param>
/// <param name="Events">What it has logged last, the newest at the end.</param>
internal sealed record StatusReport(
    string Version,
    int Pid,
    DateTimeOffset Started,
    string? Config,
    string? Control,
    PathReport Path,
    IReadOnlyList<ForwardReport> Forwards,
    IReadOnlyList<SessionReport> Sessions,
    TotalsReport Totals,
    IReadOnlyList<EventReport> Events);

/// <summary>The way to the relays.</summary>
/// <param name="Server">URL of the relays.</param>
/// <param name="Proxy">The proxy that leads there; null: none.</param>
/// <param name="Automatic">Whether the agent chooses the modes.</param>
/// <param name="Send">How bytes go up.</param>
/// <param name="Receive">How they come down.</param>
/// <param name="RoundTripMilliseconds">Of a small request; null: not measured.</param>
/// <param name="LargestBody">Largest body that the path lets up; null: nothing is known against the largest.</param>
/// <param name="HoldSeconds">How long the path lets a quiet request live; null: nothing is known against longer ones.</param>
/// <param name="Protocol">HTTP version in which requests reach the relay; null: not measured.</param>
/// <param name="Problem">Why the path could not be measured when it was tried last; null: it could.</param>
internal sealed record PathReport(
    string Server, string? Proxy, bool Automatic, string Send, string Receive, double? RoundTripMilliseconds, int? LargestBody, double? HoldSeconds, string? Protocol, string? Problem);

/// <summary>A way in.</summary>
/// <param name="Name">Its name; empty where it has none.</param>
/// <param name="Listen">Where it listens.</param>
/// <param name="Target">Where its connections lead; null: their clients say so themselves, by SOCKS or HTTP.</param>
/// <param name="Closing">Whether it takes no more connections, and only has sessions left.</param>
/// <param name="Clients">Connections that are open.</param>
/// <param name="Accepted">Connections that have come in.</param>
internal sealed record ForwardReport(string Name, string Listen, string? Target, bool Closing, int Clients, long Accepted);

/// <summary>An open session.</summary>
internal sealed record SessionReport(
    string Id, string Forward, string Client, string Target, string Connector, double AgeSeconds, long BytesUp, long BytesDown, double RateUp, double RateDown);

/// <summary>What all sessions come to since the start.</summary>
/// <param name="Open">Open sessions.</param>
/// <param name="Opened">Sessions that were opened.</param>
/// <param name="Failed">Those that broke, and those that could not be opened.</param>
/// <param name="BytesUp">Bytes up.</param>
/// <param name="BytesDown">Bytes down.</param>
/// <param name="BytesResent">Bytes sent more than once, up.</param>
/// <param name="Retries">Requests that failed and were tried again.</param>
/// <param name="RateUp">Bytes a second up, at the moment.</param>
/// <param name="RateDown">Bytes a second down, at the moment.</param>
/// <param name="UptimeSeconds">Since the start.</param>
internal sealed record TotalsReport(
    int Open, long Opened, long Failed, long BytesUp, long BytesDown, long BytesResent, long Retries, double RateUp, double RateDown, double UptimeSeconds);

/// <summary>Something that was logged.</summary>
internal sealed record EventReport(DateTimeOffset Time, string Level, string Text);

/// <summary>The JSON of reports, and of what is said on the control socket.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(Control.ControlRequest))]
[JsonSerializable(typeof(Control.ControlAnswer))]
internal sealed partial class AgentJson : JsonSerializerContext;

/// <summary>The same JSON for people: indented.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(IReadOnlyList<StatusReport>))]
internal sealed partial class IndentedJson : JsonSerializerContext;
