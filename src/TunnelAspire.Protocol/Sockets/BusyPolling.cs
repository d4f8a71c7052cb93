using System.Diagnostics;
using System.Globalization;
using System.Numerics;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>
/// Whether a thread that waits for sockets should ask again and again, for a short time, before it sleeps. It should where the last
/// waits have all been short: being put to sleep and woken, on a processor that has halted meanwhile, takes longer than a message does.
/// It should not where that was mostly in vain of late. See decision 25.
/// </summary>
/// <param name="time">How long it asks before it sleeps; a wait that is no longer is a short one.</param>
internal sealed class BusyPolling(TimeSpan time)
{
    /// <summary>Environment variable: whole microseconds, 0 to 1000; 0: never.</summary>
    public const string Variable = "TUNNEL_BUSY_POLL_MICROSECONDS";

    /// <summary>A receive of more bytes is part of a transfer, where nobody waits for the single one.</summary>
    public const int LargestMessage = 4096;

    /// <summary>So many short waits in a row let it begin, when it was not in vain before.</summary>
    public const int Fewest = 64;

    /// <summary>So many are needed at most: each time it soon ends again doubles their number.</summary>
    public const int Most = 8192;

    private const int DefaultMicroseconds = 200; // as Linux does in a virtual machine (guest_halt_poll_ns)
    private const int MostMicroseconds = 1000;

    private int _needed = Fewest;
    private int _short; // waits in a row

    /// <summary>How long the process's threads ask; null: they do not.</summary>
    public static TimeSpan? Chosen { get; } = Choose(Environment.GetEnvironmentVariable(Variable), HasLimitedTime());

    /// <summary>How long, in time stamps of <see cref="Stopwatch"/>'s.</summary>
    public long Ticks { get; } = (long)(time.TotalSeconds * Stopwatch.Frequency);

    /// <summary>It should now.</summary>
    public bool PaysOff => Volatile.Read(ref _short) >= _needed;

    /// <summary>What the variable says. Where it says nothing, never if the process may not use all the time of its processors: it would pay with that.</summary>
    public static TimeSpan? Choose(string? variable, bool limited)
    {
        int chosen = Parse(variable) ?? (limited ? 0 : DefaultMicroseconds);
        return chosen > 0 ? TimeSpan.FromMicroseconds(chosen) : null;
    }

    /// <summary>Refuses what the variable may not say.</summary>
    /// <exception cref="FormatException">It is no number, or not in its range.</exception>
    public static void Require(string? variable)
    {
        if (!string.IsNullOrEmpty(variable) && Parse(variable) is null)
        {
            throw new FormatException($"{Variable} is '{variable}': it takes whole microseconds, 0 to {MostMicroseconds}");
        }
    }

    /// <summary>A wait has ended.</summary>
    /// <param name="ticks">How long it was, asking and sleeping.</param>
    public void Waited(long ticks)
    {
        if (ticks <= Ticks)
        {
            _short = Math.Min(_short + 1, 2 * Most);
            return;
        }

        int asked = _short - _needed;
        if (asked >= _needed)
        {
            _needed = Math.Max(_needed / 2, Fewest);
        }
        else if (asked is >= 0 and < Fewest)
        {
            _needed = Math.Min(2 * _needed, Most); // in vain
        }

        _short = 0;
    }

    /// <summary>A receive has brought so many bytes.</summary>
    public void Received(int count)
    {
        if (count > LargestMessage)
        {
            Volatile.Write(ref _short, 0);
        }
    }

    private static int? Parse(string? variable) =>
        int.TryParse(variable, NumberStyles.None, CultureInfo.InvariantCulture, out int microseconds) && microseconds <= MostMicroseconds ? microseconds : null;

    /// <summary>The runtime counts as many processors as a quota of time leaves (cgroups: cpu.max).</summary>
    private static bool HasLimitedTime()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        using Process process = Process.GetCurrentProcess();
        return Environment.ProcessorCount < BitOperations.PopCount((nuint)process.ProcessorAffinity);
    }
}
