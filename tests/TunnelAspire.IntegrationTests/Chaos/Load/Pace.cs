using System.Diagnostics;

namespace TunnelAspire.IntegrationTests.Chaos.Load;

/// <summary>Lets so many bytes pass in a second, and makes up for what was late: a load that leaves the machine room for what it disturbs.</summary>
/// <param name="bytesPerSecond">The rate; 0 is none.</param>
internal sealed class Pace(long bytesPerSecond)
{
    private readonly long _begun = Stopwatch.GetTimestamp();
    private long _passed;

    /// <summary>As fast as it goes.</summary>
    public static Pace Free => new(0);

    public async ValueTask WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        _passed += bytes;
        if (bytesPerSecond == 0)
        {
            return;
        }

        TimeSpan early = TimeSpan.FromSeconds((double)_passed / bytesPerSecond) - Stopwatch.GetElapsedTime(_begun);
        if (early > TimeSpan.FromMilliseconds(5))
        {
            await Task.Delay(early, cancellationToken);
        }
    }
}
