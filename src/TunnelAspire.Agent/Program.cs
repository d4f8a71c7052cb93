using System.CommandLine;
using TunnelAspire.Agent.Commands;

RootCommand root = new("Carries TCP connections over plain HTTP") { new ConnectCommand(), new DoctorCommand() };
ParseResult arguments = root.Parse(args);
if (arguments.Errors.Count == 0)
{
    // Longer than the host's own time to stop: a busy machine is no reason to leave sessions behind.
    return await arguments.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(8) });
}

string wrong = arguments.UnmatchedTokens is [{ } token, ..] ? $"'{token}' is no command, option or argument here; see tunnel --help" : arguments.Errors[0].Message;
return ExitCodes.Fail(ExitCodes.WrongUsage, wrong);
