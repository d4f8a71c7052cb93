using System.Buffers;
using System.Net.Sockets;

namespace TunnelAspire.Agent.Control;

/// <summary>A line on the control socket: UTF-8, ended by a line feed or by the end of the stream.</summary>
internal static class ControlLine
{
    /// <summary>The next line.</summary>
    /// <exception cref="IOException">It is longer than <paramref name="longest"/> bytes, or there is none.</exception>
    public static async Task<byte[]> ReadAsync(Socket socket, int longest, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> line = new();
        while (line.WrittenCount <= longest)
        {
            int count = await socket.ReceiveAsync(line.GetMemory(4096), cancellationToken);
            int end = line.GetSpan()[..count].IndexOf((byte)'\n');
            line.Advance(end < 0 ? count : end);
            if (end >= 0 || count == 0)
            {
                return line.WrittenCount > 0 ? line.WrittenSpan.ToArray() : throw new IOException("the stream has ended");
            }
        }

        throw new IOException($"the line is longer than {longest} bytes");
    }

    /// <summary>Writes a line.</summary>
    public static async Task WriteAsync(Socket socket, byte[] line, CancellationToken cancellationToken)
    {
        for (ReadOnlyMemory<byte> rest = (byte[])[.. line, (byte)'\n']; rest.Length > 0;)
        {
            rest = rest[await socket.SendAsync(rest, cancellationToken)..];
        }
    }
}
