using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Agent.Control;

/// <summary>What is asked on the control socket: one line of JSON, <c>{"command":"status"}</c>.</summary>
/// <param name="Command"><c>status</c>, <c>reload</c> or <c>stop</c>.</param>
internal sealed record ControlRequest(string? Command)
{
    public const string Status = "status";
    public const string Reload = "reload";
    public const string Stop = "stop";

    /// <summary>Longest line, in bytes.</summary>
    public const int Longest = 4096;
}

/// <summary>The answer: one line of JSON; then the agent closes the connection. After <c>stop</c> it closes with its end.</summary>
/// <param name="Error">Why nothing has come of it; null: it was done.</param>
internal sealed record ControlAnswer(string? Error)
{
    /// <summary>To <c>status</c>.</summary>
    public StatusReport? Status { get; init; }

    /// <summary>To <c>reload</c>.</summary>
    public ReloadReport? Reload { get; init; }

    /// <summary>To <c>stop</c>: the process that ends.</summary>
    public int? Pid { get; init; }
}
