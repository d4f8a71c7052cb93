using System.Collections.Concurrent;

namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>Counts the faults that have really been injected, by kind.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public int Total => _counts.Values.Sum();

    /// <summary>How many different kinds.</summary>
    public int Kinds => _counts.Count;

    public void Add(string kind) => _counts.AddOrUpdate(kind, 1, (_, count) => count + 1);

    public override string ToString() => string.Join(", ", _counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}"));
}
