using System.Buffers.Binary;

namespace TunnelAspire.Protocol.Lanes;

/// <summary>What a frame says.</summary>
internal enum LaneFrameKind : byte
{
    /// <summary>The lane's next bytes.</summary>
    Bytes = 0,

    /// <summary>No more bytes come on the lane.</summary>
    End = 1,

    /// <summary>The lane is cut.</summary>
    Cut = 2,

    /// <summary>Asks for a <see cref="Pong"/>. Of no lane.</summary>
    Ping = 3,

    /// <summary>Answers a <see cref="Ping"/>. Of no lane.</summary>
    Pong = 4,

    /// <summary>No more lanes are taken; those that are there go on. Of no lane.</summary>
    Leave = 5,
}

/// <summary>The head of a frame: the lane's number (4 bytes), the kind (1), the length of what follows (3); big-endian.</summary>
internal readonly record struct LaneFrame(uint Lane, LaneFrameKind Kind, int Length)
{
    /// <summary>Bytes of a head.</summary>
    public const int HeadLength = 8;

    /// <summary>Most bytes that follow a head.</summary>
    public const int MostBytes = 16 * 1024;

    public static LaneFrame Read(ReadOnlySpan<byte> head)
    {
        uint last = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
        return new(BinaryPrimitives.ReadUInt32BigEndian(head), (LaneFrameKind)(last >> 24), (int)(last & 0xFFFFFF));
    }

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, Lane);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], ((uint)Kind << 24) | (uint)Length);
    }
}
