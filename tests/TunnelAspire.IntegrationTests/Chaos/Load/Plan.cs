using System.Buffers.Binary;

namespace TunnelAspire.IntegrationTests.Chaos.Load;

/// <summary>How a connection of the load talks.</summary>
internal enum Shape
{
    /// <summary>Both ends send much at the same time.</summary>
    Bulk,

    /// <summary>A question, the end of the client's stream, then an answer of another size.</summary>
    HalfClose,

    /// <summary>The target speaks first.</summary>
    ServerFirst,

    /// <summary>Small questions, each with its answer, with pauses between.</summary>
    PingPong,
}

/// <summary>What one connection carries. Who speaks first tells it to the other one.</summary>
/// <param name="Seed">Of both streams; no two connections have the same.</param>
/// <param name="Up">Bytes of the client's stream; <see cref="Shape.PingPong"/>: its rounds.</param>
/// <param name="Down">Bytes of the target's stream; <see cref="Shape.PingPong"/>: bytes of a question.</param>
internal readonly record struct Plan(ulong Seed, long Up, long Down)
{
    /// <summary>Bytes that it takes on the wire.</summary>
    public const int Length = 24;

    /// <summary>Seed of the target's stream.</summary>
    public ulong DownSeed => ~Seed;

    public byte[] Write()
    {
        byte[] bytes = new byte[Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Seed);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), Up);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Down);
        return bytes;
    }

    public static Plan Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
}
