using System.Net;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>The HTTP versions in which the relays can be asked.</summary>
/// <param name="Http11">HTTP/1.1.</param>
/// <param name="Http2">HTTP/2: by ALPN where TLS is spoken, else by prior knowledge.</param>
/// <param name="Http2How"><c>alpn</c> or <c>prior-knowledge</c>: how HTTP/2 was asked for.</param>
internal sealed record VersionsFinding(bool Http11, bool Http2, string Http2How) : IFinding
{
    /// <inheritdoc/>
    public IEnumerable<Line> Lines()
    {
        string how = Http2How == "alpn" ? "by ALPN" : "in cleartext, by prior knowledge";
        yield return Line.Of(Http11 || Http2, "HTTP versions", $"HTTP/1.1 {(Http11 ? "yes" : "no")}, HTTP/2 {how} {(Http2 ? "yes" : "no")}");
    }
}

/// <summary>Examination 5: which versions of HTTP pass?</summary>
internal static class VersionsExamination
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks the relay in each version.</summary>
    public static async Task<VersionsFinding> RunAsync(Probes probes, Uri server, CancellationToken cancellationToken)
    {
        bool[] passed = await Task.WhenAll(
            PassesAsync(probes, HttpVersion.Version11, cancellationToken), PassesAsync(probes, HttpVersion.Version20, cancellationToken));
        return new VersionsFinding(passed[0], passed[1], server.Scheme == Uri.UriSchemeHttps ? "alpn" : "prior-knowledge");
    }

    private static async Task<bool> PassesAsync(Probes probes, Version version, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        (HttpRequestMessage request, _) = probes.Request(HttpMethod.Get, TunnelPaths.Path);
        using (request)
        {
            request.Version = version;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            try
            {
                using HttpResponseMessage answer = await probes.SendAsync(request, limit.Token);
                return answer.Version == version && answer.Headers.Contains(TunnelHeaders.Version);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or System.Net.Sockets.SocketException or NotSupportedException)
            {
                return false; // spoken by somebody who does not know it
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false; // the limit
            }
        }
    }
}
