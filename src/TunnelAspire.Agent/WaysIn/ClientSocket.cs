using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>A client's socket during the handshake. It is read exactly: what follows the handshake stays in the socket.</summary>
internal sealed class ClientSocket(ReadySocket socket, TimeProvider time)
{
    private const int FirstBuffer = 1024;
    private static readonly TimeSpan PartingLimit = TimeSpan.FromSeconds(2);

    /// <summary>The next byte; it stays in the socket.</summary>
    public async ValueTask<byte> PeekAsync(CancellationToken cancellationToken)
    {
        byte[] first = new byte[1];
        return await socket.ReceiveAsync(first, SocketFlags.Peek, cancellationToken) == 1 ? first[0] : throw Truncated();
    }

    /// <summary>The next <paramref name="count"/> bytes.</summary>
    public async ValueTask<byte[]> ReadAsync(int count, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[count];
        await FillAsync(bytes, cancellationToken);
        return bytes;
    }

    /// <summary>The bytes up to and including <paramref name="delimiter"/>.</summary>
    /// <exception cref="HandshakeException">It is not among the next <paramref name="limit"/> bytes.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadThroughAsync(ReadOnlyMemory<byte> delimiter, int limit, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[Math.Min(FirstBuffer, limit)];
        int length = 0;
        while (length < limit)
        {
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, Math.Min(limit, 2 * length));
            }

            int peeked = await socket.ReceiveAsync(bytes.AsMemory(length), SocketFlags.Peek, cancellationToken);
            if (peeked == 0)
            {
                throw Truncated();
            }

            int searched = Math.Max(0, length - delimiter.Length + 1);
            int found = bytes.AsSpan(searched, length + peeked - searched).IndexOf(delimiter.Span);
            int end = found < 0 ? length + peeked : searched + found + delimiter.Length;
            await FillAsync(bytes.AsMemory(length, end - length), cancellationToken);
            length = end;
            if (found >= 0)
            {
                return bytes.AsMemory(0, length);
            }
        }

        throw new HandshakeException($"the request is longer than {limit} bytes");
    }

    /// <summary>Answers.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> answer, CancellationToken cancellationToken)
    {
        while (answer.Length > 0)
        {
            answer = answer[await socket.PutAsync(answer, cancellationToken)..];
        }
    }

    /// <summary>
    /// Answers for the last time and closes. What the client goes on sending is passed over for a moment: closing with unread
    /// bytes would reset the connection, and could take the answer away.
    /// </summary>
    public async Task PartAsync(ReadOnlyMemory<byte> answer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timer = new(PartingLimit, time);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await WriteAsync(answer, limit.Token);
            socket.Socket.Shutdown(SocketShutdown.Send);
            byte[] unread = new byte[FirstBuffer];
            while (await socket.ReceiveAsync(unread, limit.Token) > 0)
            {
                // Not meant for anybody any more.
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The client is gone, or does not stop in time, or the agent stops.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private async ValueTask FillAsync(Memory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            int count = await socket.ReceiveAsync(bytes, cancellationToken);
            bytes = count > 0 ? bytes[count..] : throw Truncated();
        }
    }

    private static HandshakeException Truncated() => new("the client's stream ended within its request");
}
