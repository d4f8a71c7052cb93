using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace TunnelAspire.Http1;

/// <summary>An answer's body, as it arrives. At its end the connection is free for the next request; left before that, it is closed.</summary>
internal sealed class Http1ResponseBody(Http1Connection connection, Http1Input input, BodyFraming framing) : Stream
{
    private BodyFraming _framing = framing;
    private bool _left;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_left, this);
        try
        {
            while (_framing.Remaining == 0 && !TryReadFraming())
            {
                if (!await input.FillAsync(cancellationToken))
                {
                    throw BrokeOff();
                }
            }

            if (_framing.Ended || buffer.IsEmpty)
            {
                return 0;
            }

            Memory<byte> destination = buffer[..(int)Math.Min(buffer.Length, _framing.Remaining)];
            int count = input.IsEmpty ? await input.ReceiveAsync(destination, cancellationToken) : input.Take(destination.Span);
            Arrived(count);
            return count;
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (!_left && !_framing.Ended)
        {
            _left = true;
            Leave();
        }

        base.Dispose(disposing);
    }

    private void Arrived(int count)
    {
        if (count == 0 && !_framing.Close())
        {
            throw BrokeOff();
        }

        Took(count);
    }

    private void Took(int count)
    {
        if (count > 0)
        {
            _framing.Took(count);
        }

        if (_framing.Ended)
        {
            connection.Free();
        }
        else if (_framing.Remaining == 0)
        {
            TryReadFraming(); // an end that has come with the last bytes frees the connection at once
        }
    }

    /// <summary>Reads what has come of the framing; returns whether the body's next bytes follow it, or its end.</summary>
    private bool TryReadFraming()
    {
        if (!_framing.Ended)
        {
            try
            {
                input.Take(_framing.Read(input.Received));
            }
            catch (FormatException e)
            {
                throw new IOException($"the body is broken: {e.Message}", e);
            }

            if (_framing.Ended)
            {
                connection.Free();
            }
        }

        return _framing.Ended || _framing.Remaining > 0;
    }

    /// <summary>Nobody wants the rest: where it is here already, the connection serves on.</summary>
    private void Leave()
    {
        if (!_framing.EndsWithConnection && _framing.Remaining > 0 && input.Received.Length >= _framing.Remaining)
        {
            int rest = (int)_framing.Remaining;
            input.Take(rest);
            Took(rest);
        }

        if (!_framing.Ended)
        {
            connection.Dispose();
        }
    }

    private static IOException BrokeOff() => new("the connection ended before the body did");
}
