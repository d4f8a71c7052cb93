using System.CommandLine;
using TunnelAspire.Benchmarks.Commands;
using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;

switch (args)
{
    // The processes that the run starts of itself.
    case ["target"]:
        return TargetProgram.Run();
    case ["load"]:
        return LoadProgram.Run();
    case ["websocket-client", string port, string server]:
        return await WebSocketClient.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), new Uri(server));
}

RootCommand root = new("How fast the tunnel is, beside others, on this machine") { new CompareCommand(), new IdleCommand(), new BackpressureCommand(), new FloodCommand(), new MicroCommand() };
ParseResult arguments = root.Parse(args);
InvocationConfiguration untilAllHasEnded = new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) };
return arguments.Errors.Count == 0 ? await arguments.InvokeAsync(untilAllHasEnded) : ExitCodes.Fail(ExitCodes.WrongUsage, string.Join(" ", arguments.Errors.Select(error => error.Message)));
