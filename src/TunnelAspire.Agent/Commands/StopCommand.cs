using System.CommandLine;
using TunnelAspire.Agent.Control;
using TunnelAspire.CommandLine;

namespace TunnelAspire.Agent.Commands;

/// <summary><c>tunnel stop</c>: stops a running agent in order, and waits for its end.</summary>
internal sealed class StopCommand : Command, IExplained
{
    private readonly ControlArguments _control = new();

    /// <summary>The command with its options.</summary>
    public StopCommand()
        : base("stop", "Stop the running agent; its sessions are reset")
    {
        _control.AddTo(this);
        SetAction((arguments, cancellationToken) => _control.AskAsync(
            arguments,
            ControlRequest.Stop,
            async (answer, client) =>
            {
                await client.EndAsync(cancellationToken);
                Console.Out.WriteLine($"agent {answer.Pid} has stopped");
            },
            cancellationToken));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples =>
    [
        new("tunnel stop", "returns when the agent has ended"),
    ];
}
