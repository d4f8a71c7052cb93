using System.CommandLine;
using TunnelAspire.Agent.Control;
using TunnelAspire.CommandLine;

namespace TunnelAspire.Agent.Commands;

/// <summary><c>tunnel reload</c>: lets a running agent read its configuration file again.</summary>
internal sealed class ReloadCommand : Command, IExplained
{
    private readonly ControlArguments _control = new();

    /// <summary>The command with its options.</summary>
    public ReloadCommand()
        : base("reload", "Let the running agent read its configuration file again, and say what has come of it")
    {
        _control.AddTo(this);
        SetAction((arguments, cancellationToken) => _control.AskAsync(
            arguments,
            ControlRequest.Reload,
            (answer, _) =>
            {
                Console.Out.WriteLine(answer.Reload!.ToString());
                return Task.CompletedTask;
            },
            cancellationToken));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples =>
    [
        new("tunnel reload", "what has come of it, or what is wrong with the file and where"),
    ];
}
