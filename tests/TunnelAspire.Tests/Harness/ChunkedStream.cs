using System.Globalization;
using System.Text;
using TunnelAspire.Http1;

namespace TunnelAspire.Tests.Harness;

/// <summary>Two bodies in chunks, one each way, in a connection: what is written is a chunk, what is read are the chunks' bytes.</summary>
internal sealed class ChunkedStream(Stream connection) : BareStream
{
    private readonly byte[] _received = new byte[64 * 1024];
    private BodyFraming _framing = BodyFraming.Chunked();
    private int _start;
    private int _end;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            _start += _framing.Read(_received.AsSpan(_start.._end));
            if (_framing.Ended)
            {
                return 0;
            }

            int count = (int)Math.Min(Math.Min(_framing.Remaining, _end - _start), buffer.Length);
            if (count > 0)
            {
                _received.AsSpan(_start, count).CopyTo(buffer.Span);
                _framing.Took(count);
                _start += count;
                return count;
            }

            _received.AsSpan(_start.._end).CopyTo(_received);
            (_start, _end) = (0, _end - _start);
            int more = await connection.ReadAsync(_received.AsMemory(_end), cancellationToken);
            _end += more > 0 ? more : throw new IOException("the connection ended before the body did");
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => connection.WriteAsync(
        (byte[])[.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{buffer.Length:x}\r\n")), .. buffer.Span, .. "\r\n"u8], cancellationToken);

    /// <summary>Ends what is written.</summary>
    public ValueTask EndAsync() => connection.WriteAsync("0\r\n\r\n"u8.ToArray());
}
