using System.CommandLine;
using TunnelAspire.Agent.Control;

namespace TunnelAspire.Agent.Commands;

/// <summary>Which of the running agents a command is for.</summary>
internal sealed class ControlArguments
{
    private readonly Option<string?> _control = new("--control") { Description = "Control socket, or process id, of the agent. Default: the one that runs" };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command) => command.Add(_control);

    /// <summary>Asks the agent; returns the exit code.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="command">What it is told.</param>
    /// <param name="done">Called with the answer, while the connection stands.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<int> AskAsync(ParseResult arguments, string command, Func<ControlAnswer, ControlClient, Task> done, CancellationToken cancellationToken)
    {
        try
        {
            if (await FindAsync(arguments, cancellationToken) is not { } path)
            {
                return ExitCodes.WrongUsage;
            }

            using ControlClient client = new(path);
            ControlAnswer answer = await client.AskAsync(command, cancellationToken);
            if (answer.Error is { } error)
            {
                return ExitCodes.Fail(ExitCodes.Failure, error);
            }

            await done(answer, client);
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ExitCodes.Fail(ExitCodes.Failure, e.Message);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C: nothing else cancels.
            return ExitCodes.Fail(ExitCodes.Failure, "stopped before the agent had answered");
        }
    }

    /// <summary>The socket of the one agent that is meant; null: there are several, and they have been listed.</summary>
    /// <exception cref="IOException">There is none.</exception>
    private async Task<string?> FindAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(_control) is { } named)
        {
            return ControlPlace.Named(named);
        }

        List<(string Path, string Line)> found = [];
        foreach (string path in ControlPlace.Find())
        {
            try
            {
                using ControlClient client = new(path);
                if ((await client.AskAsync(ControlRequest.Status, cancellationToken)).Status is { } status)
                {
                    found.Add((path, $"  --control {status.Pid}  {status.Path.Server}  {string.Join(", ", status.Forwards.Select(forward => forward.Listen))}"));
                }
            }
            catch (IOException)
            {
                // A number that another process has by now, or an agent that hangs: it is not the one that runs.
            }
        }

        if (found.Count > 1)
        {
            ExitCodes.Fail(ExitCodes.WrongUsage, "several agents run here; say which is meant:");
            found.ForEach(agent => Console.Error.WriteLine(agent.Line));
            return null;
        }

        return found.Count == 1 ? found[0].Path
            : throw new IOException($"no agent of this user runs here (there is no control socket in {string.Join(" or ", ControlPlace.Folders)}); name one that is elsewhere with --control PATH");
    }
}
