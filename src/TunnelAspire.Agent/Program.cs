using System.CommandLine;
using TunnelAspire.Agent.Commands;

RootCommand root = new("Carries TCP connections over plain HTTP") { new ConnectCommand() };
ParseResult arguments = root.Parse(args);
return arguments.Errors.Count > 0
    ? ExitCodes.Fail(ExitCodes.WrongUsage, arguments.Errors[0].Message)
    : await arguments.InvokeAsync();
