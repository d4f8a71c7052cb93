using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>What has arrived of a stream: how much, and its SHA-256.</summary>
public sealed record Digest(long Bytes, string Sha256);

/// <summary>Streams whose every byte depends on its position, sent and digested.</summary>
public static class Checked
{
    private const int Block = 64 * 1024;

    /// <summary>Sends <paramref name="bytes"/> bytes and half-closes; returns their digest.</summary>
    public static async Task<Digest> SendAsync(Socket socket, long bytes, ulong seed, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[Block];
        for (long sent = 0; sent < bytes;)
        {
            int length = (int)Math.Min(Block, bytes - sent);
            Fill(block, sent, seed);
            hash.AppendData(block, 0, length);
            for (int offset = 0; offset < length;)
            {
                offset += await socket.SendAsync(block.AsMemory(offset, length - offset), cancellationToken);
            }

            sent += length;
        }

        socket.Shutdown(SocketShutdown.Send);
        return new Digest(bytes, Convert.ToHexString(hash.GetHashAndReset()));
    }

    /// <summary>Receives to the end of the stream; tells the progress as it goes.</summary>
    public static async Task<Digest> ReceiveAsync(Socket socket, Action<long>? progress, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[Block];
        long received = 0;
        while (true)
        {
            int count = await socket.ReceiveAsync(buffer, cancellationToken);
            if (count == 0)
            {
                return new Digest(received, Convert.ToHexString(hash.GetHashAndReset()));
            }

            hash.AppendData(buffer, 0, count);
            received += count;
            progress?.Invoke(received);
        }
    }

    /// <summary>SHA-256 of a file.</summary>
    public static async Task<string> FileAsync(string path)
    {
        await using FileStream file = File.OpenRead(path);
        return Convert.ToHexString(await SHA256.HashDataAsync(file));
    }

    /// <summary>A file of random bytes.</summary>
    public static string RandomFile(string path, int bytes)
    {
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes(bytes));
        return path;
    }

    private static void Fill(byte[] block, long position, ulong seed)
    {
        for (int i = 0; i < Block; i += 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(i), ((ulong)(position + i) + seed) * 0x9E3779B97F4A7C15);
        }
    }
}
