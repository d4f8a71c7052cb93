using Aspire.Hosting.ApplicationModel;
using TunnelAspire.EmbeddedHosting.Running;

namespace Aspire.Hosting;

/// <summary>An application of several processes, on this machine.</summary>
public sealed class DistributedApplication
{
    private const int CannotRun = 1;
    private const int NotSupported = 2;

    private readonly IReadOnlyList<IResource> _resources;

    internal DistributedApplication(IReadOnlyList<IResource> resources) => _resources = resources;

    /// <summary>Starts a map. Ends the process with 2 where publishing is asked for.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (Array.Exists(args, AsksToPublish))
        {
            Console.Error.WriteLine("The embedded engine runs on one machine and publishes nothing. Publish with Aspire's: add -p:AppHostEngine=Aspire (docs/deploy.md).");
            Environment.Exit(NotSupported);
        }

        AppDomain.CurrentDomain.UnhandledException += EndInOneLine;
        return new DistributedApplicationBuilder(args);
    }

    /// <summary>Runs until Ctrl+C or SIGTERM. The exit code is 0 after a clean stop and 1 where something cannot start.</summary>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>Runs until Ctrl+C, SIGTERM or the token. The exit code is 0 after a clean stop and 1 where something cannot start.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            using StopSignal stop = new(cancellationToken);
            await new ApplicationRun(_resources).UntilStoppedAsync(stop.Token);
        }
        catch (DistributedApplicationException e)
        {
            await Console.Error.WriteLineAsync($"AppHost: {e.Message}");
            Environment.ExitCode = CannotRun;
        }
    }

    /// <summary>A wrong map, found while it is drawn.</summary>
    private static void EndInOneLine(object sender, UnhandledExceptionEventArgs fault)
    {
        if (fault.ExceptionObject is DistributedApplicationException e)
        {
            Console.Error.WriteLine($"AppHost: {e.Message}");
            Environment.Exit(CannotRun);
        }
    }

    // --operation publish, --operation=publish, --publisher manifest …
    private static bool AsksToPublish(string argument) =>
        argument.Equals("publish", StringComparison.OrdinalIgnoreCase)
        || argument.Equals("--operation=publish", StringComparison.OrdinalIgnoreCase)
        || argument.Equals("--publisher", StringComparison.OrdinalIgnoreCase)
        || argument.StartsWith("--publisher=", StringComparison.OrdinalIgnoreCase);
}
