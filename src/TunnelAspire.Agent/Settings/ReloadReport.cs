namespace TunnelAspire.Agent.Settings;

/// <summary>What has come of settings that were read again.</summary>
/// <param name="Opened">Ways in that take connections now.</param>
/// <param name="Changed">Those that lead elsewhere from now on.</param>
/// <param name="Closed">Those that take no more; their sessions go on.</param>
/// <param name="NewWay">Whether new sessions take another way to the relays.</param>
internal sealed record ReloadReport(IReadOnlyList<string> Opened, IReadOnlyList<string> Changed, IReadOnlyList<string> Closed, bool NewWay)
{
    /// <summary>Settings that have changed, but hold only after a restart.</summary>
    public IReadOnlyList<string> AfterRestart { get; init; } = [];

    /// <summary>In one line.</summary>
    public override string ToString()
    {
        List<string> parts = [];
        Add(parts, "opened", Opened);
        Add(parts, "changed", Changed);
        Add(parts, "closed", Closed);
        if (NewWay)
        {
            parts.Add("new sessions take the changed way to the relays");
        }

        if (AfterRestart.Count > 0)
        {
            parts.Add($"after a restart: {string.Join(", ", AfterRestart)}");
        }

        return parts.Count == 0 ? "nothing has changed" : string.Join("; ", parts);
    }

    private static void Add(List<string> parts, string what, IReadOnlyList<string> forwards)
    {
        if (forwards.Count > 0)
        {
            parts.Add($"{what}: {string.Join(", ", forwards)}");
        }
    }
}
