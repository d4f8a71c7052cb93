using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Measures;
using TunnelAspire.Benchmarks.Processes;
using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Runs;

/// <summary>Memory for an idle session, of all contestants at the same time: they only wait, so they do not disturb each other.</summary>
internal static class IdleComparison
{
    private const int SocketsBesides = 1000;

    /// <summary>Opens, waits, reads, asks, closes.</summary>
    public static async Task RunAsync(Stage stage, int wanted, CancellationToken cancellationToken)
    {
        Contestant[] many = [.. stage.Standing.Where(contestant => contestant.Processes.Count > 0 && contestant.MostSessions > 1)];
        int allowed = (Surroundings.SocketsAllowed - SocketsBesides) / Math.Max(1, many.Length);
        int sessions = Math.Min(wanted, allowed);
        Stage.Tell($"idle: {sessions} sessions each{(sessions < wanted ? $", not {wanted}: the process may have {Surroundings.SocketsAllowed} sockets" : "")}");
        many = await EachAsync(
            stage, many, contestant => IdleMemory.BeginAsync(contestant, stage.Load, IdleMemory.Sessions(contestant, sessions), cancellationToken), cancellationToken);
        await IdleMemory.SettleAsync(cancellationToken);
        Dictionary<Contestant, long> before = await ReadAsync(many, cancellationToken);
        many = await EachAsync(
            stage, many, contestant => IdleMemory.GoOnAsync(contestant, stage.Load, IdleMemory.Sessions(contestant, sessions), cancellationToken), cancellationToken);
        Stage.Tell($"idle: parked for {IdleMemory.Parked.TotalSeconds} s");
        await Task.Delay(IdleMemory.Parked, cancellationToken);
        Dictionary<Contestant, long> after = await ReadAsync(many, cancellationToken);
        foreach (Contestant contestant in many)
        {
            int opened = IdleMemory.Sessions(contestant, sessions);
            double figure = IdleMemory.ForASession(before[contestant], after[contestant], opened);
            await stage.TryAsync(contestant, MeasureList.Idle, () => AskAsync(stage, contestant, opened, figure, cancellationToken), cancellationToken);
        }

        await IdleMemory.SettleAsync(cancellationToken);
    }

    private static async Task<Dictionary<Contestant, long>> ReadAsync(Contestant[] contestants, CancellationToken cancellationToken)
    {
        long[] medians = await IdleMemory.MedianAsync(() => Array.ConvertAll(contestants, IdleMemory.ResidentKiB), cancellationToken);
        return contestants.Zip(medians).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    private static async Task AskAsync(Stage stage, Contestant contestant, int opened, double figure, CancellationToken cancellationToken)
    {
        int port = contestant.Port;
        try
        {
            int answering = await stage.Load.CountAnsweringAsync(port, cancellationToken);
            if (answering != opened)
            {
                throw new LoadException($"only {answering} of {opened} sessions answered");
            }

            stage.Results.Add(contestant, Column.Memory, figure);
        }
        finally
        {
            await stage.Load.CloseAsync(port, cancellationToken);
        }
    }

    /// <summary>Does it with each; returns those with which it went well.</summary>
    private static async Task<Contestant[]> EachAsync(Stage stage, Contestant[] contestants, Func<Contestant, Task> action, CancellationToken cancellationToken)
    {
        List<Contestant> well = [];
        foreach (Contestant contestant in contestants)
        {
            if (await stage.TryAsync(contestant, MeasureList.Idle, () => action(contestant), cancellationToken))
            {
                well.Add(contestant);
            }
        }

        return [.. well];
    }
}
