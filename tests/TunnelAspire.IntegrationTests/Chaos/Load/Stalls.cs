using System.Diagnostics;
using System.Globalization;

namespace TunnelAspire.IntegrationTests.Chaos.Load;

/// <summary>The longest pauses in which a connection waited for something that was due: its next bytes, an answer, the end.</summary>
internal sealed class Stalls
{
    private const int Kept = 10;
    private static readonly TimeSpan WorthKeeping = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<(TimeSpan Length, TimeSpan At, string What)> _longest = [];
    private readonly long _begun = Stopwatch.GetTimestamp();

    /// <summary>Length of the longest.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>A pause has ended now.</summary>
    public void Add(TimeSpan length, string what)
    {
        if (length <= Longest && length < WorthKeeping)
        {
            return;
        }

        lock (_lock)
        {
            Longest = length > Longest ? length : Longest;
            _longest.Add((length, Stopwatch.GetElapsedTime(_begun), what));
            _longest.Sort((one, other) => other.Length.CompareTo(one.Length));
            _longest.RemoveRange(Math.Min(Kept, _longest.Count), Math.Max(0, _longest.Count - Kept));
        }
    }

    /// <summary>The longest ones, with the moment at which they ended.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            return string.Join(", ", _longest.Select(stall => string.Create(
                CultureInfo.InvariantCulture, $"{stall.Length.TotalSeconds:F2} s ({stall.What}, until {stall.At.TotalSeconds:F1} s)")));
        }
    }

    /// <summary>A clock for one wait after the other; begins with the first.</summary>
    public Pulse Begin(string what) => new(this, what);

    /// <summary>Measures the pauses of one connection's one direction.</summary>
    public sealed class Pulse(Stalls stalls, string what)
    {
        private long _last = Stopwatch.GetTimestamp();

        /// <summary>What was waited for is there.</summary>
        public void Beat()
        {
            stalls.Add(Stopwatch.GetElapsedTime(_last), what);
            Restart();
        }

        /// <summary>From now on something is due; it was not before.</summary>
        public void Restart() => _last = Stopwatch.GetTimestamp();
    }
}
