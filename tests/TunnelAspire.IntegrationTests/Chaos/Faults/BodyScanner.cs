namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>
/// Finds the end of an HTTP/1.1 message's body among bytes that pass by (RFC 9112, sections 6 and 7). The raw format of a chunked one is
/// <c>5\r\nhello\r\n0\r\n\r\n</c>.
/// </summary>
internal sealed class BodyScanner
{
    private readonly bool _chunked;
    private long _left;
    private long _size;
    private bool _inSize = true;
    private bool _inTrailer;
    private int _line;

    /// <summary>A body of that length; null: chunked.</summary>
    public BodyScanner(long? length) => (_chunked, _left, Done) = (length is null, length ?? 0, length == 0);

    /// <summary>Whether the body has ended.</summary>
    public bool Done { get; private set; }

    /// <summary>How many of these bytes still belong to the body.</summary>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        int taken = 0;
        while (!Done && taken < bytes.Length)
        {
            if (_left > 0)
            {
                int count = (int)Math.Min(_left, bytes.Length - taken);
                _left -= count;
                taken += count;
                Done = !_chunked && _left == 0;
            }
            else
            {
                Frame(bytes[taken++]);
            }
        }

        return taken;
    }

    /// <summary>A byte of a size line, or of the trailer.</summary>
    private void Frame(byte value)
    {
        if (value != '\n')
        {
            _line += value == '\r' ? 0 : 1;
            int digit = "0123456789abcdef".IndexOf(char.ToLowerInvariant((char)value), StringComparison.Ordinal);
            _inSize &= digit >= 0;
            _size = _inSize ? (_size * 16) + digit : _size;
            return;
        }

        if (_inTrailer)
        {
            Done = _line == 0;
        }
        else if (_size == 0)
        {
            _inTrailer = true;
        }
        else
        {
            _left = _size + 2; // and the line's end behind it
        }

        (_size, _inSize, _line) = (0, true, 0);
    }
}
