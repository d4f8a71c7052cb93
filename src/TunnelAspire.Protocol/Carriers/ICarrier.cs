using System.Buffers;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// Any one-way request/response protocol that can carry a session (claims 28–30): the first component asks, the second answers.
/// A carrier may lose, repeat, reorder, cut or delay messages; offsets mend all of it. HTTP is the first carrier.
/// </summary>
/// <remarks>
/// A failed exchange is a <see cref="CarrierException"/> (try again) or a <see cref="Wire.TunnelException"/> that the second
/// component answered with.
/// </remarks>
public interface ICarrier
{
    /// <summary>A write request: brings bytes of the client's stream. Its answer is their acknowledgement.</summary>
    Task<WriteAnswer> WriteAsync(WriteRequest request, CancellationToken cancellationToken);

    /// <summary>A read request: asks for bytes of the target's stream. The answer brings them. The caller disposes it.</summary>
    Task<ReadAnswer> ReadAsync(ReadRequest request, CancellationToken cancellationToken);

    /// <summary>Ends the session at the second component, whatever state it is in.</summary>
    Task EndAsync(string reason, CancellationToken cancellationToken);
}

/// <summary>A range of the client's stream.</summary>
/// <param name="Offset">Offset of the first byte.</param>
/// <param name="Bytes">The bytes; may be empty. They belong to the caller and stay valid until the write ends.</param>
/// <param name="Fin">The offset at which the stream ends, where that is known.</param>
/// <param name="Ack">All below it of the target's stream has arrived.</param>
/// <param name="More">The bytes that follow, as the client sends them, for a carrier that can hold a message open; others leave them.</param>
/// <param name="Brief">There are few bytes, all in all: see <see cref="ChannelSettings.BriefBytes"/>.</param>
public readonly record struct WriteRequest(long Offset, ReadOnlySequence<byte> Bytes, long? Fin, long Ack, OpenMessage? More = null, bool Brief = false);

/// <summary>The answer to a write request.</summary>
/// <param name="Ack">All below it of the client's stream has been accepted.</param>
/// <param name="Fin">The offset at which the target's stream ends, where that is known. Once all below it has been acknowledged, and the client's stream has ended too, the session is over.</param>
public readonly record struct WriteAnswer(long Ack, long? Fin);

/// <summary>A request for the next range of the target's stream.</summary>
/// <param name="Ack">All below it has arrived.</param>
/// <param name="Generation">The reader's generation; the newest wins.</param>
/// <param name="MaxBytes">Most bytes to answer with.</param>
/// <param name="Hold">How long to wait for bytes before an empty answer.</param>
/// <param name="Stream">The answer may be held open while bytes flow, where the carrier can do that.</param>
/// <param name="Brief">Few bytes are asked for: see <see cref="ChannelSettings.BriefBytes"/>.</param>
public readonly record struct ReadRequest(long Ack, long Generation, int MaxBytes, TimeSpan Hold, bool Stream = false, bool Brief = false);
