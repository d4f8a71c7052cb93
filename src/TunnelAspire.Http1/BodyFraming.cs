using System.Globalization;

namespace TunnelAspire.Http1;

/// <summary>
/// How an HTTP/1.1 message's body is framed (RFC 9112 section 6): by its length, in chunks, or by the connection's end. Reads what
/// stands between the body's bytes, and counts them.
/// </summary>
public struct BodyFraming
{
    private const int LongestLine = 256;
    private State _state;

    private enum State
    {
        Done,
        Length,
        UntilClosed,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailer,
        Broken,
    }

    /// <summary>Bytes of the body that come next, before anything else.</summary>
    public long Remaining { get; private set; }

    /// <summary>All of the body has been read.</summary>
    public readonly bool Ended => _state == State.Done;

    /// <summary>Whether the body's length was known from its beginning, and its end has not come.</summary>
    public readonly bool HasLength => _state == State.Length;

    /// <summary>Whether the body ends where the connection does.</summary>
    public readonly bool EndsWithConnection => _state == State.UntilClosed;

    /// <summary>A body of so many bytes.</summary>
    public static BodyFraming OfLength(long length) => new() { Remaining = length, _state = length == 0 ? State.Done : State.Length };

    /// <summary>A body in chunks.</summary>
    public static BodyFraming Chunked() => new() { _state = State.ChunkSize };

    /// <summary>A body that ends where the connection does.</summary>
    public static BodyFraming UntilClosed() => new() { Remaining = long.MaxValue, _state = State.UntilClosed };

    /// <summary>Reads the framing at the beginning of what was received; returns its length. The rest is the body's next bytes, or more of the framing is to come.</summary>
    /// <exception cref="FormatException">It is no framing; nor is anything that follows.</exception>
    public int Read(ReadOnlySpan<byte> received)
    {
        if (_state == State.Broken)
        {
            throw Broken("it was broken before"); // whatever follows might be read as something that it is not
        }

        int read = 0;
        while (_state >= State.ChunkSize && _state != State.ChunkData && TryReadLine(received[read..], out ReadOnlySpan<byte> line, out int length))
        {
            read += length;
            Frame(line);
        }

        return read;
    }

    /// <summary>So many of the body's bytes have been taken, at most <see cref="Remaining"/>.</summary>
    public void Took(int count)
    {
        Remaining -= count;
        if (Remaining == 0)
        {
            _state = _state == State.ChunkData ? State.ChunkEnd : State.Done;
        }
    }

    /// <summary>The connection has ended.</summary>
    /// <returns>Whether that was the body's end.</returns>
    public bool Close()
    {
        if (_state == State.UntilClosed)
        {
            (_state, Remaining) = (State.Done, 0);
        }

        return Ended;
    }

    private bool TryReadLine(ReadOnlySpan<byte> received, out ReadOnlySpan<byte> line, out int length)
    {
        int feed = received.IndexOf((byte)'\n');
        if (feed < 0 ? received.Length > LongestLine : feed > LongestLine || feed == 0 || received[feed - 1] != '\r')
        {
            throw Broken("the line of a chunk does not end");
        }

        line = feed < 0 ? default : received[..(feed - 1)];
        length = feed + 1;
        return line.Contains((byte)'\r') ? throw Broken("the line of a chunk has two ends") : feed >= 0;
    }

    /// <summary>A line of the chunked coding (RFC 9112 section 7.1): <c>size[;extension]</c>, the empty line after a chunk's data, or a trailer.</summary>
    private void Frame(ReadOnlySpan<byte> line)
    {
        switch (_state)
        {
            case State.ChunkSize:
                int semicolon = line.IndexOf((byte)';');
                ReadOnlySpan<byte> size = (semicolon < 0 ? line : line[..semicolon]).TrimEnd(" \t"u8);
                if (size.Length is 0 or > 8 || !int.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int length) || length < 0)
                {
                    throw Broken("the size of a chunk is no number");
                }

                (Remaining, _state) = (length, length == 0 ? State.Trailer : State.ChunkData);
                break;
            case State.ChunkEnd when line.IsEmpty:
                _state = State.ChunkSize;
                break;
            case State.Trailer:
                _state = line.IsEmpty ? State.Done : State.Trailer;
                break;
            default:
                throw Broken("a chunk is longer than its size");
        }
    }

    /// <summary>The body is broken: nothing that follows may be taken for a part of it.</summary>
    public void Break() => _state = State.Broken;

    private FormatException Broken(string how)
    {
        Break();
        return new FormatException(how);
    }
}
