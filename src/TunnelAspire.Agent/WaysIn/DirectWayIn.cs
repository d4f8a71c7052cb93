using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>Every connection leads to the same target: <c>-L</c>.</summary>
internal sealed class DirectWayIn(TargetAddress target) : IWayIn
{
    private readonly Arrival _arrival = new(target);

    /// <summary>Where its connections lead.</summary>
    public TargetAddress Target => target;

    /// <inheritdoc/>
    public ValueTask<Arrival> GreetAsync(ClientSocket client, CancellationToken cancellationToken) => ValueTask.FromResult(_arrival);
}
