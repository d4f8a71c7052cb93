using System.Diagnostics;
using TunnelAspire.IntegrationTests.Chaos.Faults;

namespace TunnelAspire.IntegrationTests.Chaos.Processes;

/// <summary>
/// Makes trouble at random moments, in two lanes at the same time: one for processes and networks, one for messages. Each lane deals
/// its kinds like a pack of cards, so that each comes once before any comes again; the packs and the pauses follow from the seed.
/// </summary>
internal sealed class Injector(int seed, Troubles troubles, Weather weather, Action<string> tell) : IDisposable
{
    /// <summary>
    /// A connector remembers the sessions that it held; where routes are lost, it takes a heartbeat until an open that comes a second
    /// time finds its way there. These two faults together are one too many.
    /// </summary>
    private readonly SemaphoreSlim _routesOrRepeats = new(1);

    private static readonly TimeSpan UntilRoutesAreBack = TimeSpan.FromSeconds(3);

    private readonly long _begun = Stopwatch.GetTimestamp();

    /// <summary>Until the time is over; then all is well again.</summary>
    public Task RunAsync(TimeSpan time) => Task.WhenAll(
        DealAsync(NewRandom(seed), troubles.All(), MakeAsync, 500, 2500, time),
        DealAsync(NewRandom(seed + 1), Enum.GetValues<HttpFault>().Where(fault => fault != HttpFault.None), StormAsync, 200, 1500, time));

    public void Dispose() => _routesOrRepeats.Dispose();

    private async Task DealAsync<T>(Random random, IEnumerable<T> kinds, Func<T, Task> make, int shortest, int longest, TimeSpan time)
    {
        T[] pack = [.. kinds];
        while (true)
        {
            random.Shuffle(pack);
            foreach (T kind in pack)
            {
                await Task.Delay(random.Next(shortest, longest));
                if (Stopwatch.GetElapsedTime(_begun) > time)
                {
                    return;
                }

                tell($"{Stopwatch.GetElapsedTime(_begun).TotalSeconds:F1} s: {kind}");
                await make(kind);
            }
        }
    }

    private Task MakeAsync(Trouble trouble) => AloneAsync(trouble.LosesRoutes, async () =>
    {
        await troubles.MakeAsync(trouble);
        await Task.Delay(trouble.LosesRoutes ? UntilRoutesAreBack : TimeSpan.Zero);
    });

    private Task StormAsync(HttpFault fault) => AloneAsync(fault == HttpFault.Duplicate, async () =>
    {
        weather.Turn(fault, fault == HttpFault.Swallow ? 0.05 : 0.1 + (weather.Below(40) / 100.0));
        await Task.Delay(300 + weather.Below(1000));
        weather.Clear();
    });

    private async Task AloneAsync(bool alone, Func<Task> make)
    {
        if (!alone)
        {
            await make();
            return;
        }

        await _routesOrRepeats.WaitAsync();
        await make();
        _routesOrRepeats.Release();
    }

    private static Random NewRandom(int seed)
    {
#pragma warning disable RS0030 // the seed is printed
        return new Random(seed);
#pragma warning restore RS0030
    }
}
