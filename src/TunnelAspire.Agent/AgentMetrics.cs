using System.Diagnostics;
using System.Diagnostics.Metrics;
using TunnelAspire.Http1;
using TunnelAspire.Agent.Paths;
using TunnelAspire.Agent.Sessions;
using TunnelAspire.Protocol.Metering;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Agent;

/// <summary>The agent's instruments, meter <c>TunnelAspire.Agent</c>; docs/operations.md explains each.</summary>
public sealed class AgentMetrics
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "TunnelAspire.Agent";

    /// <summary>Makes spans: one for each session, the root of its trace.</summary>
    public static readonly ActivitySource Traces = new(Name);

    private readonly Counter<long> _retries;
    private readonly Histogram<double> _ackLag;
    private PathModes? _path;
    private long _retried;

    /// <summary>Creates the instruments.</summary>
    public AgentMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(Name);
        Sessions = new SessionMeter(meter);
        BudgetMeter.Observe(meter, Buffers);
        _retries = meter.CreateCounter<long>("tunnel.requests.retried", "{request}", "Requests that failed and were tried again, by fault");
        meter.CreateObservableGauge("tunnel.path.mode", MeasureModes, description: "How bytes move: 0 poll, 1 burst, 2 stream; by direction");
        meter.CreateObservableUpDownCounter("tunnel.client.connections", () => Http1Handler.Connections, "{connection}", "Connections in plain HTTP/1.1 that this process has made, in use or idle");
        meter.CreateObservableUpDownCounter("tunnel.client.lanes", () => Http1Handler.Lanes, "{lane}", "Lanes in those of them that requests share, in use or idle");
        _ackLag = meter.CreateHistogram<double>("tunnel.ack.lag", "s", "Time from sending bytes to their acknowledgement");
    }

    /// <summary>Counts sessions and their bytes.</summary>
    public SessionMeter Sessions { get; }

    /// <summary>What all sessions may keep together: half of the process's memory.</summary>
    internal StreamBudget Buffers { get; } = new(StreamBudget.DefaultBytes, int.MaxValue, int.MaxValue);

    /// <summary>Requests that failed and were tried again, since the start.</summary>
    public long Retries => Interlocked.Read(ref _retried);

    /// <summary>Tells the modes that <paramref name="path"/> has from now on.</summary>
    internal void Watch(PathModes path) => Volatile.Write(ref _path, path);

    internal void Retried(Exception failure)
    {
        Interlocked.Increment(ref _retried);
        _retries.Add(1, new KeyValuePair<string, object?>("fault", SessionOutcome.Code(failure)));
    }

    internal void Acknowledged(TimeSpan lag) => _ackLag.Record(lag.TotalSeconds);

    private Measurement<int>[] MeasureModes() => Volatile.Read(ref _path) is not { Terms: { } terms } ? [] :
    [
        new((int)terms.Send, new KeyValuePair<string, object?>("direction", "send")),
        new((int)terms.Receive, new KeyValuePair<string, object?>("direction", "receive")),
    ];
}
