using System.IO.Pipelines;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Relay.Paths;

/// <summary>A probe's body: notes when its parts arrive. The clock begins with the object.</summary>
internal sealed class ArrivingBody(TimeProvider time)
{
    /// <summary>Longest body, in bytes.</summary>
    public const int MostBytes = 64 * 1024 * 1024;

    private const int MostParts = 64;
    private static readonly TimeSpan SamePart = TimeSpan.FromMilliseconds(20);

    private readonly long _begun = time.GetTimestamp();
    private readonly List<PathPart> _parts = [];
    private TimeSpan _last;

    /// <summary>Bytes that have arrived.</summary>
    public long Bytes { get; private set; }

    /// <summary>The parts, at most 64: what comes after them counts in <see cref="Bytes"/> only.</summary>
    public IReadOnlyList<PathPart> Parts => _parts;

    /// <summary>Reads the body to its end, and throws it away.</summary>
    /// <exception cref="TunnelException">It is too long.</exception>
    public async Task ReadAsync(PipeReader body, CancellationToken cancellationToken)
    {
        ReadResult result;
        do
        {
            result = await body.ReadAsync(cancellationToken);
            Note(result.Buffer.Length);
            body.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted);
    }

    private void Note(long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        Bytes += bytes;
        if (Bytes > MostBytes)
        {
            throw new TunnelException(TunnelError.BodyTooLarge, $"the body has more than {MostBytes} bytes");
        }

        TimeSpan now = time.GetElapsedTime(_begun);
        if (_parts.Count > 0 && now - _last < SamePart)
        {
            _parts[^1] = _parts[^1] with { Bytes = _parts[^1].Bytes + bytes };
        }
        else if (_parts.Count < MostParts)
        {
            _parts.Add(new PathPart((long)now.TotalMilliseconds, bytes));
        }

        _last = now;
    }
}
