using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>What the target still has to send on a connection: a short reply before all, then so much of the pattern.</summary>
/// <param name="socket">The connection's descriptor, non-blocking.</param>
internal sealed class Outgoing(int socket)
{
    private const int Turn = 4 * Pattern.Piece;

    private long _sent;
    private byte[] _reply = [];
    private int _replied;

    /// <summary>Bytes of the pattern to send in all.</summary>
    public long Total { get; set; }

    public bool ReplyLeft => _replied < _reply.Length;

    public bool PatternLeft => _sent < Total;

    /// <summary>A reply is to be sent; the one before must have gone.</summary>
    public void Reply(ReadOnlySpan<byte> bytes)
    {
        _reply = bytes.ToArray();
        _replied = 0;
    }

    /// <summary>A number as reply, 8 bytes.</summary>
    public void Reply(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        Reply(bytes);
    }

    /// <summary>Sends these bytes back at once, and keeps for later what cannot be sent.</summary>
    public void Echo(ReadOnlySpan<byte> bytes)
    {
        int sent = (int)Math.Max(0, LibC.Send(socket, bytes, bytes.Length, LibC.NoSignal));
        if (sent < bytes.Length)
        {
            Reply(bytes[sent..]);
        }
    }

    /// <summary>Sends what can be sent, but not so much that others do not have their turn.</summary>
    /// <returns>Whether the connection still stands.</returns>
    public bool Send()
    {
        int turn = Turn;
        while (turn > 0 && (ReplyLeft || PatternLeft))
        {
            ReadOnlySpan<byte> next = ReplyLeft ? _reply.AsSpan(_replied) : Pattern.At(_sent, Total - _sent);
            nint count = LibC.Send(socket, next, next.Length, LibC.NoSignal);
            if (count < 0)
            {
                return Marshal.GetLastPInvokeError() == LibC.TryAgain;
            }

            (_replied, _sent) = ReplyLeft ? (_replied + (int)count, _sent) : (_replied, _sent + count);
            turn = count < next.Length ? 0 : turn - (int)count;
        }

        return true;
    }
}
