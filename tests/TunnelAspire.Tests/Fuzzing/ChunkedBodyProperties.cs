using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Http.Direct;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Fuzzing;

/// <summary>A body in chunks that was changed on its way is read as a chunked body, or refused; and it ends either way.</summary>
public sealed class ChunkedBodyProperties
{
    private const int Bodies = 500;
    private const string Odd = "\r\n0aF;: \t\0\u00ff";

    private static readonly Gen<byte[][]> Chunks = Gen.Byte.Array[1, 40].Array[0, 6];
    private static readonly Gen<(int Kind, int Where, int Which)[]> Changes = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1000], Gen.Int[0, Odd.Length - 1]).Array[1, 4];

    [Fact]
    public async Task Body_ThatWasNotChanged_IsReadWhole() => await Gen.Select(Chunks, Gen.Bool, Gen.Int[0, 200]).SampleAsync(
        async (chunks, extended, cut) => Assert.Equal(chunks.SelectMany(chunk => chunk).ToArray(), await ReadAsync(Encode(chunks, extended), cut)),
        iter: ParserProperties.Times(Bodies),
        threads: 1);

    [Fact]
    public async Task Body_ThatWasChanged_IsReadOrRefused_AndEnds() => await Gen.Select(Chunks, Gen.Bool, Changes, Gen.Int[0, 200]).SampleAsync(
        async (chunks, extended, changes, cut) =>
        {
            byte[] changed = changes.Aggregate(Encode(chunks, extended), Change);
            byte[]? read = await ReadAsync(changed, cut);
            Assert.True(read is null || read.Length < changed.Length);
        },
        iter: ParserProperties.Times(Bodies),
        threads: 1);

    private static byte[] Encode(byte[][] chunks, bool extended)
    {
        List<byte> body = [];
        foreach (byte[] chunk in chunks)
        {
            body.AddRange(Encoding.ASCII.GetBytes(chunk.Length.ToString("x", CultureInfo.InvariantCulture) + (extended ? ";a=\"b\"" : "") + "\r\n"));
            body.AddRange(chunk);
            body.AddRange("\r\n"u8);
        }

        body.AddRange(extended ? "0\r\nTrailer: x\r\n\r\n"u8 : "0\r\n\r\n"u8);
        return [.. body];
    }

    private static byte[] Change(byte[] body, (int Kind, int Where, int Which) change)
    {
        int at = change.Where % (body.Length + 1);
        return change.Kind switch
        {
            0 => [.. body[..at], (byte)Odd[change.Which], .. body[at..]],
            1 when at < body.Length => [.. body[..at], .. body[(at + 1)..]],
            _ => body[..at],
        };
    }

    /// <summary>What the reader makes of the bytes, sent in two pieces before the connection ends; null where it refuses them.</summary>
    private static async Task<byte[]?> ReadAsync(byte[] bytes, int cut)
    {
        (Socket client, Socket accepted) = SocketPair.Connect();
        using Socket sender = client;
        using ReadySocket server = new(accepted);
        DirectBodyReader body = new(server);
        body.Begin(null);
        cut = Math.Min(cut, bytes.Length);
        await sender.SendAsync(bytes.AsMemory(0, cut));
        Task<byte[]?> read = ReadAllAsync(body);
        await sender.SendAsync(bytes.AsMemory(cut));
        sender.Shutdown(SocketShutdown.Send);
        try
        {
            return await read.Soon();
        }
        finally
        {
            body.End();
        }
    }

    private static async Task<byte[]?> ReadAllAsync(DirectBodyReader body)
    {
        List<byte> all = [];
        try
        {
            while (true)
            {
                ReadResult result = await body.ReadAsync();
                foreach (ReadOnlyMemory<byte> part in result.Buffer)
                {
                    all.AddRange(part.Span);
                }

                body.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return [.. all];
                }
            }
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
    }
}
