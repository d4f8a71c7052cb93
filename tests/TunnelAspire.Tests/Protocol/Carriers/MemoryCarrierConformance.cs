using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Protocol.Carriers;

public sealed class MemoryCarrierConformance : CarrierConformance
{
    protected override Task<ICarrier> ConnectAsync(IByteSource source, IByteSink sink, SessionLimits limits)
    {
        SessionEnd end = new(new SendingHalf(source, limits.Window), new ReceivingHalf(sink, limits.Window));
        return Task.FromResult<ICarrier>(new MemoryCarrier(end, limits.Hold));
    }
}
