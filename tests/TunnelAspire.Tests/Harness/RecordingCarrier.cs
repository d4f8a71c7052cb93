using System.Buffers;
using System.Collections.Concurrent;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Tests.Harness;

/// <summary>Notes the requests in their order, and how many are open. It can keep answers back.</summary>
internal sealed class RecordingCarrier(ICarrier inner) : ICarrier
{
    private Task _mayAnswer = Task.CompletedTask;
    private int _openReads;
    private int _openWrites;

    /// <summary>A request, and what came of it.</summary>
    public sealed record Exchange(long Offset, long Ack)
    {
        public byte[] Bytes { get; set; } = [];

        public long? Answer { get; set; }
    }

    public ConcurrentQueue<Exchange> Writes { get; } = new();

    public ConcurrentQueue<Exchange> Reads { get; } = new();

    public int OpenWrites => Volatile.Read(ref _openWrites);

    public int OpenReads => Volatile.Read(ref _openReads);

    public int MostOpenWrites { get; private set; }

    public int MostOpenReads { get; private set; }

    /// <summary>Answers wait until the result is set.</summary>
    public TaskCompletionSource HoldAnswers()
    {
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _mayAnswer = held.Task;
        return held;
    }

    public async Task<WriteAnswer> WriteAsync(WriteRequest request, CancellationToken cancellationToken)
    {
        Exchange write = new(request.Offset, request.Ack) { Bytes = request.Bytes.ToArray() };
        Writes.Enqueue(write);
        MostOpenWrites = Math.Max(MostOpenWrites, Interlocked.Increment(ref _openWrites));
        try
        {
            WriteAnswer answer = await inner.WriteAsync(request, cancellationToken);
            write.Answer = answer.Ack;
            await _mayAnswer.WaitAsync(cancellationToken);
            return answer;
        }
        finally
        {
            Interlocked.Decrement(ref _openWrites);
        }
    }

    public async Task<ReadAnswer> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        Exchange read = new(request.Ack, request.Ack);
        Reads.Enqueue(read);
        MostOpenReads = Math.Max(MostOpenReads, Interlocked.Increment(ref _openReads));
        try
        {
            await using ReadAnswer answer = await inner.ReadAsync(request, cancellationToken);
            read.Bytes = new byte[answer.Length!.Value];
            await answer.Body.ReadExactlyAsync(read.Bytes, cancellationToken);
            await _mayAnswer.WaitAsync(cancellationToken);
            return new ReadAnswer(answer.Offset, answer.Fin, read.Bytes.Length, new MemoryStream(read.Bytes));
        }
        finally
        {
            Interlocked.Decrement(ref _openReads);
        }
    }

    public Task EndAsync(string reason, CancellationToken cancellationToken) => inner.EndAsync(reason, cancellationToken);
}
