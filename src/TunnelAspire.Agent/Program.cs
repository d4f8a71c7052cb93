using System.CommandLine;
using TunnelAspire.Agent.Commands;
using TunnelAspire.CommandLine;

StandardHandles.Guard();
RootCommand root = new("Carries TCP connections over plain HTTP")
{
    new ConnectCommand(), new StatusCommand(), ControlCommand.Reload, ControlCommand.Stop, new DoctorCommand(),
};
root.AddPages(TunnelManual.Page);
ParseResult arguments = root.Parse(args);
if (arguments.Errors.Count == 0)
{
    return await arguments.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }); // the host stops in its own time
}

string wrong = arguments.UnmatchedTokens is [{ } token, ..] ? $"'{token}' is no command, option or argument here; see tunnel --help"
    : args.Length == 0 ? $"a command is missing: {string.Join(", ", root.Subcommands.Where(command => !command.Hidden).Select(command => command.Name))}; see tunnel --help"
    : string.Join(' ', arguments.Errors[0].Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
return ExitCodes.Fail(ExitCodes.WrongUsage, wrong, arguments.CommandResult.Command is ConnectCommand connect && connect.IsJson(arguments));
