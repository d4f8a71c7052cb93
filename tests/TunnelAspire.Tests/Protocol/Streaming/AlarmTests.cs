using System.Collections.Concurrent;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Streaming;

public sealed class AlarmTests
{
    private readonly ConcurrentQueue<Bell> _rung = new();

    /// <summary>Notes when it rings.</summary>
    private sealed class Bell(ConcurrentQueue<Bell> rung) : Alarm
    {
        public long Due { get; private set; }

        public long Rang { get; private set; }

        public void Set(int milliseconds)
        {
            Due = Environment.TickCount64 + milliseconds;
            After(TimeSpan.FromMilliseconds(milliseconds));
        }

        public void Silence() => Stop();

        protected override void Ring()
        {
            Rang = Environment.TickCount64;
            rung.Enqueue(this);
        }
    }

    [Fact]
    public async Task Alarms_SetFromManyThreads_RingOnceEachAndNotTooEarly()
    {
        int seed = Random.Shared.Next();
        int[] times = new int[2000];
        Random random = new(seed);
        Array.ForEach(Enumerable.Range(0, times.Length).ToArray(), i => times[i] = random.Next(i % 2 == 0 ? 20 : 1300)); // of both wheels

        Parallel.ForEach(times, time => new Bell(_rung).Set(time));

        await Waiting.UntilAsync(() => _rung.Count >= times.Length, $"all ring, seed {seed}");
        Assert.Equal(times.Length, _rung.Distinct().Count());
        Assert.All(_rung, bell => Assert.True(bell.Rang >= bell.Due, $"due {bell.Due}, rang {bell.Rang}, seed {seed}"));
    }

    [Fact]
    public async Task Alarms_PutOffAndBroughtForwardAgainAndAgain_RingAtTheLastTime()
    {
        Bell[] bells = [.. Enumerable.Range(0, 50).Select(_ => new Bell(_rung))];
        foreach (int time in new[] { 300, 60_000, 40, 500, 200 })
        {
            Array.ForEach(bells, bell => bell.Set(time));
        }

        await Waiting.UntilAsync(() => _rung.Count >= bells.Length, "all ring");
        Assert.All(bells, bell => Assert.True(bell.Rang >= bell.Due));
    }

    [Fact]
    public async Task Alarm_Stopped_DoesNotRing()
    {
        Bell stopped = new(_rung);
        Bell other = new(_rung);
        stopped.Set(20);
        stopped.Silence();
        stopped.Set(20);
        other.Set(40);

        await Waiting.UntilAsync(() => !_rung.IsEmpty, "the other rings");

        Assert.Equal([other], _rung);
    }

    [Fact]
    public async Task Alarm_ThatSetsItselfAgain_GoesOn()
    {
        int rings = 0;
        Echo echo = new(() => Interlocked.Increment(ref rings) < 5);
        echo.After(TimeSpan.Zero);

        await Waiting.UntilAsync(() => Volatile.Read(ref rings) == 5, "it rings five times");
    }

    private sealed class Echo(Func<bool> again) : Alarm
    {
        protected override void Ring()
        {
            if (again())
            {
                After(TimeSpan.FromMilliseconds(1));
            }
        }
    }
}
