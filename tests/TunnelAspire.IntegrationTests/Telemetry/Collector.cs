using System.Collections.Concurrent;
using System.Net;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Telemetry;

/// <summary>An OTLP endpoint of a test's own, over HTTP: what the processes export that are given its <see cref="Environment"/>.</summary>
public sealed class Collector : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _exports = new();

    private readonly bool _keep;

    /// <summary>Listens at the address; default: 127.0.0.1.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="keep">Whether exports are kept as they came, for <see cref="Exported"/>.</param>
    public Collector(IPAddress? address = null, bool keep = true)
    {
        _keep = keep;
        string url = $"http://{address ?? IPAddress.Loopback}:{Loopback.FreePort()}/";
        _listener.Prefixes.Add(url);
        _listener.Start();
        _ = CollectAsync();
        Environment = new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "250",
        };
    }

    /// <summary>Environment variables that let a process export here.</summary>
    public Dictionary<string, string> Environment { get; }

    /// <summary>The latest values of each process's metrics, by the process's id.</summary>
    public ConcurrentDictionary<long, ProcessMetrics> Processes { get; } = new();

    /// <summary>What has been exported to that path.</summary>
    public IEnumerable<byte[]> Exported(string path) => _exports.Where(export => export.Path == path).Select(export => export.Body);

    public void Dispose() => ((IDisposable)_listener).Dispose();

    private async Task CollectAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                using MemoryStream body = new();
                await context.Request.InputStream.CopyToAsync(body);
                if (_keep)
                {
                    _exports.Enqueue((context.Request.Url!.AbsolutePath, body.ToArray()));
                }

                if (context.Request.Url!.AbsolutePath == "/v1/metrics")
                {
                    foreach (ProcessMetrics metrics in OtlpMetrics.Read(body.ToArray()))
                    {
                        Processes[metrics.Process] = metrics;
                    }
                }

                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
