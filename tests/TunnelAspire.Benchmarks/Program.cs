using BenchmarkDotNet.Running;
using TunnelAspire.Benchmarks;

switch (args)
{
    case ["idle"]:
        Console.WriteLine(await IdleSessions.MeasureAsync());
        return 0;
    case ["path"]:
        Console.WriteLine(await WholePath.MeasureAsync());
        return 0;
    case ["micro", .. string[] rest]:
        BenchmarkSwitcher.FromAssembly(typeof(ByteMachine).Assembly).Run(rest.Length > 0 ? rest : ["--filter", "*"]);
        return 0;
    default:
        Console.Error.WriteLine("benchmarks: say which: idle, path or micro");
        return 2;
}
