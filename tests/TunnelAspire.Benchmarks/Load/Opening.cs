using System.Buffers.Binary;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>What a client asks of the target with its first byte.</summary>
internal enum Request : byte
{
    /// <summary>Send everything back.</summary>
    Echo = (byte)'E',

    /// <summary>Take so many bytes, send so many at the same time, then say how many were right.</summary>
    Transfer = (byte)'T',

    /// <summary>Take bytes until the client half-closes, then say how many were right, and close.</summary>
    Count = (byte)'C',

    /// <summary>Half-close first, take bytes until the client ends, and tell those who ask by the number how many were right.</summary>
    EndFirst = (byte)'F',

    /// <summary>Say, once it is known, how many bytes of the stream of that number were right.</summary>
    Recall = (byte)'R',
}

/// <summary>The first bytes of a connection: the request and, but for an echo, two numbers of 8 bytes.</summary>
/// <param name="Request">What is asked.</param>
/// <param name="First">Bytes up, or the number of the stream.</param>
/// <param name="Second">Bytes down.</param>
internal readonly record struct Opening(Request Request, long First = 0, long Second = 0)
{
    /// <summary>Bytes of the longest opening.</summary>
    public const int Most = 17;

    /// <summary>Bytes of an opening that begins with <paramref name="request"/>.</summary>
    public static int Length(byte request) => request == (byte)Request.Echo ? 1 : Most;

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Length((byte)Request)];
        bytes[0] = (byte)Request;
        if (bytes.Length == Most)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), First);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(9), Second);
        }

        return bytes;
    }

    public static Opening Parse(ReadOnlySpan<byte> bytes) => bytes.Length < Most
        ? new((Request)bytes[0])
        : new((Request)bytes[0], BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[9..]));
}
