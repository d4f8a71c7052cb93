namespace TunnelAspire.Benchmarks.Contestants;

/// <summary>Everybody who takes part, in the table's order.</summary>
internal static class Lineup
{
    private static readonly string[] Modes = ["poll", "burst", "stream"];

    /// <summary>All, none of them started.</summary>
    public static IReadOnlyList<Contestant> All() =>
    [
        new BareLoopback(),
        new Haproxy(1),
        new Haproxy(2),
        new SshForward(),
        new HttpTunnel(),
        new V2Ray(),
        new Websockify(),
        .. Modes.Select(mode => new OwnNode(mode)),
        .. Modes.Select(mode => new OwnRelayed(mode)),
    ];

    /// <summary>Those that are named, or all where none is.</summary>
    /// <exception cref="FormatException">There is no such contestant.</exception>
    public static IReadOnlyList<Contestant> Only(IReadOnlyCollection<string> keys)
    {
        IReadOnlyList<Contestant> all = All();
        string? unknown = keys.FirstOrDefault(key => all.All(contestant => contestant.Key != key));
        return unknown is null
            ? [.. all.Where(contestant => keys.Count == 0 || keys.Contains(contestant.Key))]
            : throw new FormatException($"there is no contestant '{unknown}'; there are {string.Join(", ", all.Select(contestant => contestant.Key))}");
    }

    /// <summary>The one that is named.</summary>
    /// <exception cref="FormatException">There is no such contestant.</exception>
    public static Contestant One(string key) => Only([key])[0];
}
