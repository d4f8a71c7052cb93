using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using TunnelAspire.Benchmarks.Micro;

namespace TunnelAspire.Benchmarks.Commands;

/// <summary><c>micro</c>: the byte machine alone, time and allocations for a message.</summary>
internal sealed class MicroCommand : Command
{
    private readonly Option<bool> _check = new("--check") { Description = "A short run in this process that fails if a message allocates" };

    /// <summary>The command with its options.</summary>
    public MicroCommand()
        : base("micro", "Measure the byte machine alone: time and allocations for a message")
    {
        Add(_check);
        SetAction(Run);
    }

    private int Run(ParseResult arguments)
    {
        bool check = arguments.GetValue(_check);
        IConfig config = DefaultConfig.Instance.WithArtifactsPath(Path.Combine(Path.GetTempPath(), "tunnelaspire-benchmarks"));
        Job quick = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
        Summary summary = BenchmarkRunner.Run<ByteMachine>(check ? config.AddJob(quick) : config);
        if (summary.HasCriticalValidationErrors || summary.Reports.Length == 0 || summary.Reports.Any(report => !report.Success))
        {
            return ExitCodes.Fail(ExitCodes.Failure, "the benchmark did not run");
        }

        return check ? Check(summary) : ExitCodes.Success;
    }

    private static int Check(Summary summary)
    {
        BenchmarkReport[] allocating = [.. summary.Reports.Where(report => Allocated(report) is not 0)];
        foreach (BenchmarkReport report in allocating)
        {
            Console.Error.WriteLine($"benchmarks: {report.BenchmarkCase.DisplayInfo} allocates {Allocated(report)} bytes for a message");
        }

        return allocating.Length == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static long? Allocated(BenchmarkReport report) => report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase);
}
