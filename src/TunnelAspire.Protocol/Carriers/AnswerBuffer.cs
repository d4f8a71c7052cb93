using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>The memory through which an answer's bytes come: small until more than a little flows. Belongs to who reads the answer.</summary>
internal sealed class AnswerBuffer(ReadAnswer answer, int most) : IDisposable
{
    private const int SmallRead = 4 * 1024;
    private const int LargeRead = 64 * 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent((int)Math.Min(answer.Length ?? SmallRead, most));

    /// <summary>The memory for the next read, after one of <paramref name="before"/> bytes.</summary>
    public Memory<byte> Next(int before)
    {
        if (before == _bytes.Length && before < LargeRead && answer.Length is null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = ArrayPool<byte>.Shared.Rent(LargeRead);
        }

        return _bytes;
    }

    /// <summary>Reads some bytes; 0 is the end.</summary>
    /// <exception cref="CarrierException">The answer broke off.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CarrierException(CarrierFault.Lost, $"the answer broke off: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);
}
