using System.Buffers;
using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Chaos.Load;

/// <summary>One end of a checked connection: sends and requires streams of <see cref="Pattern"/>.</summary>
/// <param name="socket">The end; the caller's.</param>
internal sealed class Wire(Socket socket)
{
    private const int Block = 32 * 1024;

    /// <summary>Sends a piece of a stream.</summary>
    /// <param name="position">Where the piece begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="seed">The stream's.</param>
    /// <param name="pace">How fast.</param>
    /// <param name="cancellationToken">Ends the load.</param>
    public async Task SendAsync(long position, long end, ulong seed, Pace pace, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            while (position < end)
            {
                int count = (int)Math.Min(Block, end - position);
                await pace.WaitAsync(count, cancellationToken);
                Pattern.Fill(block.AsSpan(0, count), position, seed);
                await SendAsync(block.AsMemory(0, count), cancellationToken);
                position += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
        }
    }

    /// <summary>Ends this end's stream.</summary>
    public void Finish() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Requires that the next bytes are the stream's piece.</summary>
    public async Task RequireAsync(long position, long end, ulong seed, Stalls.Pulse pulse, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(Block);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            while (position < end)
            {
                int count = await socket.ReceiveAsync(block.AsMemory(0, (int)Math.Min(Block, end - position)), cancellationToken);
                pulse.Beat();
                if (count == 0)
                {
                    throw new EndOfStreamException($"the stream ended at {position} instead of {end}: cut without a reset");
                }

                Pattern.Require(block.AsSpan(0, count), position, seed, scratch);
                position += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>Requires that the stream ends here.</summary>
    public async Task RequireEndAsync(Stalls.Pulse pulse, CancellationToken cancellationToken)
    {
        byte[] more = new byte[1];
        if (await socket.ReceiveAsync(more, cancellationToken) > 0)
        {
            throw new InvalidDataException("the stream goes on behind its end");
        }

        pulse.Beat();
    }

    /// <summary>Reads exactly that many bytes; false if the stream ended before the first.</summary>
    public async Task<bool> ReadAsync(Memory<byte> bytes, CancellationToken cancellationToken)
    {
        for (int read = 0; read < bytes.Length;)
        {
            int count = await socket.ReceiveAsync(bytes[read..], cancellationToken);
            if (count == 0)
            {
                return read == 0 ? false : throw new EndOfStreamException($"the stream ended after {read} of {bytes.Length} bytes: cut without a reset");
            }

            read += count;
        }

        return true;
    }
}
