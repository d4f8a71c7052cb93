using System.Net.Sockets;
using System.Text;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Telemetry;

/// <summary>What an OTLP endpoint, such as the Aspire dashboard's, gets from a tunnel.</summary>
public sealed class TelemetryTests : IDisposable
{
    private readonly Collector _collector = new();

    [Fact]
    public async Task Session_ExportedByOtlp_IsOneTraceOfAgentRelayAndConnector_WithMetrics()
    {
        Dictionary<string, string> otlp = _collector.Environment;
        foreach ((string name, string value) in otlp)
        {
            Environment.SetEnvironmentVariable(name, value); // the agent inherits it as well
        }

        try
        {
            await using Tunnel tunnel = await Tunnel.StartAsync();
            using Socket listener = Loopback.Listen(out int targetPort);
            (_, int port) = await tunnel.StartAgentAsync(targetPort);
            (Socket client, Socket target) = await Loopback.ConnectThroughAsync(port, listener);
            client.Dispose();
            target.Dispose();

            await Waiting.UntilAsync(() => TracesOf("tunnel.connection").Intersect(TracesOf("tunnel.session")).Any(), "the agent's and the connector's spans are in one trace");
            await Waiting.UntilAsync(() => TracesOf("POST /v1/sessions").Intersect(TracesOf("tunnel.connection")).Any(), "the relay's span is in it as well");
            foreach (string metric in (string[])["tunnel.sessions.open", "tunnel.sessions.opened", "tunnel.sessions.ended", "tunnel.bytes", "tunnel.bytes.retransmitted", "tunnel.open.duration", "tunnel.relay.requests"])
            {
                await Waiting.UntilAsync(() => _collector.Exported("/v1/metrics").Any(body => Contains(body, metric)), $"the metric {metric} is exported");
            }

            await Waiting.UntilAsync(() => _collector.Exported("/v1/logs").Any(body => Contains(body, "opened to")), "logs are exported");
        }
        finally
        {
            foreach (string name in otlp.Keys)
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }

    public void Dispose() => _collector.Dispose();

    /// <summary>Ids of the traces that have a span of that name.</summary>
    /// <remarks>
    /// The raw format of a span begins <c>0A 10 trace-id(16) 12 08 span-id(8)</c>; its name follows as field 5, before the next
    /// span's begin (opentelemetry-proto, trace.proto).
    /// </remarks>
    private HashSet<string> TracesOf(string name)
    {
        HashSet<string> traces = [];
        foreach (byte[] body in _collector.Exported("/v1/traces"))
        {
            int begin = -1;
            for (int i = 0; i + 28 <= body.Length; i++)
            {
                bool span = body[i] == 0x0A && body[i + 1] == 0x10 && body[i + 18] == 0x12 && body[i + 19] == 0x08;
                begin = span ? i : begin;
                if (begin >= 0 && body[i] == 0x2A && body[i + 1] == name.Length && Contains(body.AsSpan(i + 2, Math.Min(name.Length, body.Length - i - 2)), name))
                {
                    traces.Add(Convert.ToHexString(body, begin + 2, 16));
                }
            }
        }

        return traces;
    }

    private static bool Contains(ReadOnlySpan<byte> body, string text) => body.IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;
}
