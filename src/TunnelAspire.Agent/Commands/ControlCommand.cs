using System.CommandLine;
using TunnelAspire.Agent.Control;
using TunnelAspire.CommandLine;

namespace TunnelAspire.Agent.Commands;

/// <summary>A command that tells a running agent to do something, and prints in one line what has come of it.</summary>
internal sealed class ControlCommand : Command, IExplained
{
    private readonly ControlArguments _control = new();

    private ControlCommand(string name, string description, string request, string outcome, Func<ControlAnswer, ControlClient, CancellationToken, Task<string>> told)
        : base(name, description)
    {
        Examples = [new($"tunnel {name}", outcome)];
        _control.AddTo(this);
        SetAction((arguments, stop) => _control.AskAsync(arguments, request, async (answer, client) => Console.Out.WriteLine(await told(answer, client, stop)), stop));
    }

    /// <summary><c>tunnel reload</c>: lets it read its configuration file again.</summary>
    public static ControlCommand Reload => new(
        "reload",
        "Let the running agent read its configuration file again, and say what has come of it",
        ControlRequest.Reload,
        "what has come of it, or what is wrong with the file and where",
        (answer, _, _) => Task.FromResult(answer.Reload!.ToString()));

    /// <summary><c>tunnel stop</c>: stops it in order, and waits for its end.</summary>
    public static ControlCommand Stop => new(
        "stop",
        "Stop the running agent; its sessions are reset",
        ControlRequest.Stop,
        "returns when the agent has ended",
        async (answer, client, stop) =>
        {
            await client.EndAsync(stop);
            return $"agent {answer.Pid} has stopped";
        });

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples { get; }
}
