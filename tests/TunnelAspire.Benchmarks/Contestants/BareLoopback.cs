namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>Nothing in between: what the machine and the load can do.</summary>
internal sealed class BareLoopback() : Contestant("bare", "bare loopback")
{
    public override Task StartAsync(int target, CancellationToken cancellationToken)
    {
        Port = target;
        return Task.CompletedTask;
    }
}
