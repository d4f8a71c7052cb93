using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// The receiving half of a direction, the same at both ends: puts ranges that arrive in any order, several times or in pieces
/// into the sink in order and once. It keeps no bytes: one who brings bytes too early waits with them in hand.
/// </summary>
/// <remarks>
/// Bytes are applied as they arrive, at their offset, by whoever brings them first; nobody waits for the rest of somebody
/// else's message, only for a write to the sink that is under way.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose.")]
public sealed class ReceivingHalf
{
    private readonly IByteSink _sink;
    private readonly int _window;
    private readonly StreamBudget _budget;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly AsyncSignal _progress = new();

    // Written by the holder of _writing only.
    private long _next;
    private int _finished;

    // Told once; -1 before that.
    private long _fin = -1;

    private int _waiting; // how many wait for bytes before their own

    /// <summary>A half that writes to <paramref name="sink"/> and lets bytes wait up to <paramref name="window"/> ahead of their turn, in as many requests as <paramref name="budget"/> allows.</summary>
    public ReceivingHalf(IByteSink sink, int window, StreamBudget? budget = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        _sink = sink;
        _window = window;
        _budget = budget ?? new StreamBudget();
    }

    /// <summary>All bytes below it have been accepted by the sink: the ack to tell.</summary>
    public long Next => Volatile.Read(ref _next);

    /// <summary>The stream has ended, and the sink knows.</summary>
    public bool Finished => Volatile.Read(ref _finished) == 1;

    /// <summary>The offset at which the stream is to end, where that is known.</summary>
    public long? End => Volatile.Read(ref _fin) is >= 0 and var fin ? fin : null;

    /// <summary>A write to the sink is under way: whoever waits, waits for the sink and not for missing bytes.</summary>
    public bool Writing => _writing.CurrentCount == 0;

    /// <summary>
    /// Puts <paramref name="bytes"/>, which begin at <paramref name="offset"/>, into the sink: trims what is there already, waits
    /// for what is missing before them. Returns when all of them have been accepted, by this call or another.
    /// </summary>
    /// <exception cref="TunnelException">
    /// <see cref="TunnelError.OffsetGap"/>: the offset is further ahead than the window.
    /// <see cref="TunnelError.Malformed"/>: bytes lie beyond the end of the stream.
    /// </exception>
    /// <exception cref="OperationCanceledException">The missing bytes, or the turn, did not come in time; nothing was half-written.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ApplyAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await WaitForTurnAsync(offset, cancellationToken);
        long end = checked(offset + bytes.Length);
        while (Next < end)
        {
            await _writing.WaitAsync(cancellationToken);
            try
            {
                long fin = Volatile.Read(ref _fin);
                if (fin >= 0 && end > fin)
                {
                    throw new TunnelException(TunnelError.Malformed, $"bytes up to {end} lie beyond {fin}, the end of the stream");
                }

                if (_next < end)
                {
                    int written = await _sink.WriteAsync(bytes[(int)(_next - offset)..]);
                    Volatile.Write(ref _next, _next + written);
                }
            }
            finally
            {
                _writing.Release();
            }

            _progress.Set();
        }
    }

    /// <summary>Puts a sequence into the sink; see the other overload.</summary>
    public async ValueTask ApplyAsync(long offset, ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
    {
        foreach (ReadOnlyMemory<byte> memory in bytes)
        {
            await ApplyAsync(offset, memory, cancellationToken);
            offset += memory.Length;
        }
    }

    /// <summary>The stream is to end at <paramref name="fin"/>, whether or not all bytes before it have arrived.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.Malformed"/>: the end was said to be elsewhere, or bytes beyond it have arrived.</exception>
    public void ExpectEnd(long fin)
    {
        long told = Interlocked.CompareExchange(ref _fin, fin, -1);
        if (told >= 0 ? told != fin : fin < Next)
        {
            throw new TunnelException(TunnelError.Malformed, $"the stream cannot end at {fin}: {(told >= 0 ? $"it ends at {told}" : $"bytes up to {Next} have arrived")}");
        }
    }

    /// <summary>
    /// The stream ends at <paramref name="fin"/>: half-closes the sink once all bytes before it have been accepted. May be repeated.
    /// </summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.Malformed"/>: as <see cref="ExpectEnd"/>.</exception>
    public async ValueTask FinishAsync(long fin, CancellationToken cancellationToken)
    {
        ExpectEnd(fin);
        await WaitForTurnAsync(fin, cancellationToken);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (fin < _next)
            {
                throw new TunnelException(TunnelError.Malformed, $"the stream cannot end at {fin}: bytes up to {_next} have arrived");
            }

            if (!Finished)
            {
                _sink.Finish();
                Volatile.Write(ref _finished, 1);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Waits until all bytes before <paramref name="offset"/> have been accepted.</summary>
    /// <exception cref="TunnelException">
    /// <see cref="TunnelError.OffsetGap"/>: the offset is further ahead than the window. <see cref="TunnelError.TooMany"/>: more wait than the budget allows.
    /// </exception>
    public ValueTask WaitForTurnAsync(long offset, CancellationToken cancellationToken) =>
        offset <= Next ? ValueTask.CompletedTask : QueueAsync(offset, cancellationToken);

    private async ValueTask QueueAsync(long offset, CancellationToken cancellationToken)
    {
        _budget.Queue(ref _waiting);
        try
        {
            await WaitForBytesBeforeAsync(offset, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async ValueTask WaitForBytesBeforeAsync(long offset, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task progress = offset > Next ? _progress.Next() : Task.CompletedTask;
            long ahead = offset - Next;
            if (ahead <= 0)
            {
                return;
            }

            if (ahead > _window)
            {
                throw new TunnelException(TunnelError.OffsetGap, $"offset {offset} is {ahead} bytes ahead of {Next}, further than the window of {_window}");
            }

            await progress.WaitAsync(cancellationToken);
        }
    }
}
