using System.Net.Sockets;

namespace TunnelAspire.Tests.Harness;

/// <summary>A client of a proxy, byte by byte.</summary>
internal sealed class ProxyClient(Socket socket) : IDisposable
{
    public async Task SendAsync(byte[] bytes, bool byteByByte = false)
    {
        try
        {
            foreach (byte[] part in byteByByte ? bytes.Chunk(1) : [bytes])
            {
                await socket.SendAsync(part).Soon();
                await Task.Yield();
            }
        }
        catch (SocketException)
        {
            // The proxy has closed already; what it has said shows why.
        }
    }

    /// <summary>Requires that exactly these bytes come next.</summary>
    public async Task ExpectAsync(params byte[] expected)
    {
        byte[] bytes = new byte[expected.Length];
        for (int length = 0; length < bytes.Length;)
        {
            int count = await socket.ReceiveAsync(bytes.AsMemory(length)).Soon();
            Assert.NotEqual(0, count);
            length += count;
        }

        Assert.Equal(expected, bytes);
    }

    /// <summary>All that comes until the end; a reset counts as one.</summary>
    public async Task<byte[]> ReceiveToEndAsync()
    {
        using MemoryStream all = new();
        byte[] bytes = new byte[4096];
        try
        {
            for (int count; (count = await socket.ReceiveAsync(bytes).Soon()) > 0;)
            {
                all.Write(bytes, 0, count);
            }
        }
        catch (SocketException)
        {
            // Reset.
        }

        return all.ToArray();
    }

    public void Finish()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The proxy has closed already.
        }
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    public void Dispose() => socket.Dispose();
}
