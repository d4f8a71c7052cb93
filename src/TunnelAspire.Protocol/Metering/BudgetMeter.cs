using System.Diagnostics.Metrics;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Metering;

/// <summary>The instruments of what the sessions of a process hold together.</summary>
public static class BudgetMeter
{
    /// <summary>Creates the instruments on <paramref name="meter"/>. They are read when somebody asks.</summary>
    public static void Observe(Meter meter, StreamBudget budget)
    {
        meter.CreateObservableUpDownCounter("tunnel.buffers.bytes", () => budget.Bytes, "By", "Memory rented for bytes that are not acknowledged");
        meter.CreateObservableUpDownCounter("tunnel.requests.parked", () => budget.Asking, "{request}", "Requests for bytes that are under way, waiting or being answered");
    }
}
