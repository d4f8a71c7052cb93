namespace TunnelAspire.Tests.Harness;

/// <summary>A stream whose every byte depends on its position, so that a byte in the wrong place shows itself.</summary>
internal static class Pattern
{
    public static byte At(long position) => (byte)(((ulong)position * 0x9E3779B97F4A7C15) >> 56);

    public static void Fill(Span<byte> destination, long position)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = At(position + i);
        }
    }

    public static byte[] Bytes(long position, int length)
    {
        byte[] bytes = new byte[length];
        Fill(bytes, position);
        return bytes;
    }

    /// <summary>Fails unless <paramref name="bytes"/> are the stream's from <paramref name="position"/> on.</summary>
    public static void Require(ReadOnlySpan<byte> bytes, long position)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != At(position + i))
            {
                throw new InvalidDataException($"the byte at {position + i} is not the stream's");
            }
        }
    }
}
