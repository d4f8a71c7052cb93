using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Runs;

/// <summary>The load and the contestants that stand; one that fails is named in the results, and does not disturb the others.</summary>
/// <param name="load">The load.</param>
/// <param name="results">Where figures and failures go.</param>
internal sealed class Stage(LoadClient load, Results results) : IAsyncDisposable
{
    private readonly List<Contestant> _standing = [];

    public LoadClient Load => load;

    public Results Results => results;

    /// <summary>Those that have been started and have not failed to.</summary>
    public IReadOnlyList<Contestant> Standing => [.. _standing];

    /// <summary>Tells a human what is being done.</summary>
    public static void Tell(string what) => Console.Error.WriteLine(what);

    /// <summary>Starts everybody.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (Contestant contestant in results.Contestants)
        {
            Tell($"starting {contestant.Name}");
            await StartAsync(contestant, cancellationToken);
        }
    }

    /// <summary>Does something with a contestant; where it fails, that is written down, and it is started anew.</summary>
    /// <returns>Whether it went well.</returns>
    public async Task<bool> TryAsync(Contestant contestant, string what, Func<Task> action, CancellationToken cancellationToken)
    {
        try
        {
            await action();
            return true;
        }
        catch (Exception e) when (e is LoadException or TimeoutException or InvalidOperationException && !cancellationToken.IsCancellationRequested)
        {
            results.Fail(contestant, what, FirstLine(e));
            Tell($"{contestant.Name}, {what}: {FirstLine(e)}");
            await contestant.DisposeAsync();
            _standing.Remove(contestant);
            await StartAsync(contestant, cancellationToken);
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Contestant contestant in results.Contestants)
        {
            await contestant.DisposeAsync();
        }
    }

    private async Task StartAsync(Contestant contestant, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await contestant.StartAsync(load.Target, cancellationToken);
            int place = _standing.Count(standing => Place(standing) < Place(contestant));
            _standing.Insert(place, contestant);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException or IOException)
        {
            results.Fail(contestant, Results.Start, FirstLine(e));
            Tell($"{contestant.Name} does not start: {FirstLine(e)}");
            await contestant.DisposeAsync();
        }
    }

    private int Place(Contestant contestant) => results.Contestants.TakeWhile(other => other != contestant).Count();

    private static string FirstLine(Exception e) => e.Message.ReplaceLineEndings(" ").Trim() is var text && text.Length <= 200 ? text : text[..200] + "…";
}
