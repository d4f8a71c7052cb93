using System.ComponentModel;
using System.Globalization;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>
/// The load as a process of its own, so that what it costs is not the contestants'. It reads a command a line,
/// <c>transfer 40001 1048576 0</c>, and answers with a line, <c>ok 0.0012</c> or <c>failed stalls: nothing for 5 s</c>.
/// </summary>
internal sealed class LoadProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(15);

    private readonly Dictionary<int, List<IdleSessions>> _idle = [];
    private readonly Dictionary<int, StalledReaders> _stalled = [];

    /// <summary>Serves until standard input ends, that is, until whoever started it has gone.</summary>
    public static int Run()
    {
        using LoadProgram program = new();
        while (Console.ReadLine() is { } line)
        {
            Console.WriteLine(program.Answer(line));
        }

        return 0;
    }

    public void Dispose()
    {
        foreach (IDisposable sessions in _idle.Values.SelectMany(sets => sets).Concat<IDisposable>(_stalled.Values))
        {
            sessions.Dispose();
        }
    }

    private string Answer(string line)
    {
        string[] words = line.Split(' ');
        long[] numbers = [.. words.Skip(1).Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        try
        {
            return string.Join(' ', Perform(words[0], (int)numbers[0], numbers[1..]).Select(number => number.ToString("R", CultureInfo.InvariantCulture)).Prepend("ok"));
        }
        catch (Exception e) when (e is LoadException or Win32Exception)
        {
            return $"failed {e.Message.ReplaceLineEndings(" ")}";
        }
    }

    private double[] Perform(string command, int port, long[] numbers)
    {
        switch (command)
        {
            case "transfer":
                return [Transfer.Run(port, numbers[0], numbers[1], Patience)];
            case "pingpong":
                PingPong.Result result = PingPong.Run(port, (int)numbers[0], (int)numbers[1], TimeSpan.FromMilliseconds(numbers[2]), Patience);
                return [result.MedianMicroseconds, result.PerSecond, result.P99Microseconds];
            case "connects":
                return [Connects.Run(port, (int)numbers[0], TimeSpan.FromMilliseconds(numbers[1]), Patience)];
            case "halfclose":
                HalfClose.Run(port, Patience);
                return [];
            case "open":
                Open(port, (int)numbers[0]);
                return [];
            case "ask":
                return [_idle[port].Sum(sessions => sessions.CountAnswering())];
            case "stall":
                _stalled.Add(port, new StalledReaders(port, (int)numbers[0], IdlePatience));
                return [];
            case "read":
                _stalled[port].ReadOn(numbers[0]);
                return [];
            case "close":
                Close(port);
                return [];
            default:
                throw new LoadException($"there is no load '{command}'");
        }
    }

    private void Open(int port, int count)
    {
        IdleSessions sessions = new(port, count, IdlePatience);
        if (!_idle.TryAdd(port, [sessions]))
        {
            _idle[port].Add(sessions);
        }
    }

    private void Close(int port)
    {
        if (_idle.Remove(port, out List<IdleSessions>? idle))
        {
            idle.ForEach(sessions => sessions.Dispose());
        }

        if (_stalled.Remove(port, out StalledReaders? stalled))
        {
            stalled.Dispose();
        }
    }
}
