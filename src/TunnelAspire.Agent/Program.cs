using System.CommandLine;
using TunnelAspire.Agent.Commands;

RootCommand root = new("Carries TCP connections over plain HTTP") { new ConnectCommand(), new DoctorCommand() };
ParseResult arguments = root.Parse(args);
if (arguments.Errors.Count == 0)
{
    return await arguments.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }); // the host stops in its own time
}

string wrong = arguments.UnmatchedTokens is [{ } token, ..] ? $"'{token}' is no command, option or argument here; see tunnel --help" : arguments.Errors[0].Message;
return ExitCodes.Fail(ExitCodes.WrongUsage, wrong);
