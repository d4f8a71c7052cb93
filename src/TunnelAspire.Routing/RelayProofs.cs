using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Routing;

/// <summary>
/// How a relay proves to a connector that it belongs to the same cluster: by a signature of the connector's address. It is the same
/// for all requests to one run of one connector, so that neither side computes anything for a request; and it is worth nothing at
/// any other address, so that whoever puts a false one into the routing store learns nothing by it.
/// </summary>
public sealed class RelayProofs(ClusterKeys keys)
{
    private const string Purpose = "relay";
    private const int Kept = 1000; // far more than connectors run at once

    private sealed record Made(IReadOnlyList<byte[]> Keys, ConcurrentDictionary<ConnectorAddress, string> Proofs);

    private sealed record Expected(IReadOnlyList<byte[]> Keys, ConnectorAddress Self, byte[][] Proofs);

    private Made _made = new(keys.Current, []);
    private Expected? _expected;

    /// <summary>Whether there is a cluster key at all. Without one nothing is proved.</summary>
    public bool Required => keys.Any;

    /// <summary>The relay's side: what to send with each request to this connector; null where there is no cluster key.</summary>
    public string? For(ConnectorAddress connector)
    {
        if (!keys.Any)
        {
            return null;
        }

        Made made = _made;
        if (made.Keys != keys.Current || made.Proofs.Count > Kept)
        {
            _made = made = new Made(keys.Current, []);
        }

        return made.Proofs.TryGetValue(connector, out string? proof)
            ? proof
            : made.Proofs.GetOrAdd(connector, keys.Sign(Purpose, Text(connector)));
    }

    /// <summary>The connector's side: whether a request that came with this proof is from a relay of the cluster. Compared in constant time.</summary>
    /// <param name="self">The connector's own address.</param>
    /// <param name="proof">The header's bytes; empty where it is missing.</param>
    public bool Admits(ConnectorAddress self, ReadOnlySpan<byte> proof)
    {
        bool admitted = false;
        foreach (byte[] expected in ExpectedOf(self).Proofs)
        {
            admitted |= CryptographicOperations.FixedTimeEquals(expected, proof);
        }

        return admitted;
    }

    /// <summary>As <see cref="Admits(ConnectorAddress, ReadOnlySpan{byte})"/>, for the header as text; a proof for an earlier run of this connector will do too.</summary>
    /// <param name="self">The connector's own address.</param>
    /// <param name="proof">The header; null where it is missing.</param>
    /// <param name="epoch">The run that the relay means; null where it names none.</param>
    public bool Admits(ConnectorAddress self, string? proof, string? epoch)
    {
        if (proof is not { Length: ClusterKeys.SignatureLength })
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(ClusterKeys.SignatureLength)];
        return Admits(self, bytes[..Encoding.UTF8.GetBytes(proof, bytes)]) ||
            (WireText.TryParseOffset(epoch, out long other) && other != self.Epoch && keys.Verifies(Purpose, Text(self with { Epoch = other }), proof));
    }

    private static string Text(ConnectorAddress connector) =>
        string.Create(CultureInfo.InvariantCulture, $"{connector.Name}\n{connector.Epoch}\n{connector.Url.AbsoluteUri}");

    private Expected ExpectedOf(ConnectorAddress self)
    {
        Expected? expected = Volatile.Read(ref _expected);
        if (expected is null || expected.Keys != keys.Current || expected.Self != self)
        {
            IReadOnlyList<byte[]> current = keys.Current;
            expected = new Expected(current, self, [.. current.Select(key => Encoding.ASCII.GetBytes(ClusterKeys.Sign(key, Purpose, Text(self))))]);
            Volatile.Write(ref _expected, expected);
        }

        return expected;
    }
}
