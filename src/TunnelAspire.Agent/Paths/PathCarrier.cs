using System.Diagnostics;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Agent.Paths;

/// <summary>A session's carrier; the path learns from its quiet requests how long it lets them live.</summary>
public sealed class PathCarrier(ICarrier inner, PathModes path) : ICarrier
{
    /// <inheritdoc/>
    public Task<WriteAnswer> WriteAsync(WriteRequest request, CancellationToken cancellationToken) => inner.WriteAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async Task<ReadAnswer> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        try
        {
            ReadAnswer answer = await inner.ReadAsync(request, cancellationToken);
            if (answer.Length == 0)
            {
                path.QuietPassed();
            }

            return answer;
        }
        catch (CarrierException e) when (!e.IsShared)
        {
            path.QuietCut(Stopwatch.GetElapsedTime(begun));
            throw;
        }
    }

    /// <inheritdoc/>
    public Task EndAsync(string reason, CancellationToken cancellationToken) => inner.EndAsync(reason, cancellationToken);
}
