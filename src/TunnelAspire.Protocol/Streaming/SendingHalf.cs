using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// The sending half of a direction, the same at both ends: reads the source because somebody asks for bytes, hands them out as
/// ranges, and keeps them until they are acknowledged. Never holds more than its window.
/// </summary>
/// <remarks>
/// <see cref="SendSequence"/> is what it knows and keeps. One asker at a time reads the source, in the order of asking; the others
/// wait for their turn.
/// </remarks>
public sealed class SendingHalf : IDisposable
{
    private readonly SendSequence _sequence;
    private readonly SourceReader _reader; // belongs to whoever has the turn
    private readonly StreamBudget _budget;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly AsyncSignal _ended = new(inline: true);

    private int _asking; // how many have the turn or wait for it

    /// <summary>A half that reads <paramref name="source"/> and keeps at most <paramref name="window"/> bytes, out of the process's <paramref name="budget"/>.</summary>
    public SendingHalf(IByteSource source, int window, StreamBudget? budget = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        _budget = budget ?? new StreamBudget();
        _sequence = new SendSequence(window, _budget);
        _reader = new SourceReader(source, _sequence);
    }

    /// <summary>All bytes below it have arrived at the other end.</summary>
    public long Acknowledged => _sequence.Acknowledged;

    /// <summary>The highest offset handed out so far; an ack above it is a lie.</summary>
    public long Sent => _sequence.Sent;

    /// <summary>Offset of the next byte to hand out.</summary>
    public long Next => _sequence.Next;

    /// <summary>Bytes handed out more than once.</summary>
    public long Resent => _sequence.Resent;

    /// <summary>The offset at which the stream ends, once the source has ended.</summary>
    public long? Fin => _sequence.Fin;

    /// <summary>The generation that is served; see <see cref="Restart"/>.</summary>
    public long Generation => _sequence.Generation;

    /// <summary>
    /// The next range that has not been handed out in this generation, of at most <paramref name="maxBytes"/>. Waits for the
    /// source to deliver, or for room in the window. Once the stream has ended, answers at once with an empty range that says so.
    /// </summary>
    /// <exception cref="TunnelException">
    /// <see cref="TunnelError.Superseded"/>: <paramref name="generation"/> is over. <see cref="TunnelError.SessionGone"/>: the half is disposed.
    /// </exception>
    /// <exception cref="Exception">The source has failed; every later call fails the same.</exception>
    /// <exception cref="OperationCanceledException">Nothing came before <paramref name="cancellationToken"/>; nothing was taken.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<OutboundRange> TakeAsync(long generation, int maxBytes, CancellationToken cancellationToken)
    {
        using Turn turn = await EnterAsync(cancellationToken);
        return await turn.TakeAsync(generation, maxBytes, cancellationToken);
    }

    /// <summary>Waits for the turn. Who has it takes one range after the other, with nobody in between; the caller disposes it.</summary>
    /// <exception cref="OperationCanceledException">It was not his turn before <paramref name="cancellationToken"/>.</exception>
    /// <exception cref="TunnelException"><see cref="TunnelError.TooMany"/>: more wait than the budget allows.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        _budget.Enter(ref _asking);
        try
        {
            await _turn.WaitAsync(cancellationToken);
            return new Turn(this);
        }
        catch
        {
            _budget.Leave(ref _asking);
            throw;
        }
    }

    /// <summary>
    /// Takes only what is already there, or nothing: never waits. For one who has sent something and asks whether more is to follow.
    /// </summary>
    public bool TryTake(long generation, int maxBytes, out OutboundRange range) => _sequence.TryTake(generation, maxBytes, out range);

    /// <summary>
    /// Bytes that were handed out before and have not been acknowledged: those of [<paramref name="from"/>, <paramref name="end"/>),
    /// <paramref name="maxBytes"/> at the most. For one who repeats a message; empty where all have been acknowledged.
    /// </summary>
    public OutboundRange Again(long from, long end, int maxBytes) => _sequence.Again(from, end, maxBytes);

    /// <summary>All bytes below <paramref name="offset"/> have arrived. A lower offset than before is old news and ignored.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.Malformed"/>: the offset was never handed out.</exception>
    public void Acknowledge(long offset) => _sequence.Acknowledge(offset);

    /// <summary>From now on at most <paramref name="window"/> bytes are kept. What is held beyond that stays until it is acknowledged.</summary>
    public void Limit(int window)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        _sequence.Limit(window);
    }

    /// <summary>Waits until it is known where the stream ends, but only for a moment. Only who reads the source gets to know.</summary>
    public Task WaitForEndAsync(TimeSpan patience)
    {
        Task ended = _ended.Next();
        return Fin is null ? Moment.OfAsync(ended, patience) : Task.CompletedTask;
    }

    /// <summary>
    /// A new generation of askers takes over, if it is newer than the one that is served: sending begins again at the lowest
    /// unacknowledged byte, and older askers get nothing any more.
    /// </summary>
    /// <returns>Whether it was newer.</returns>
    public bool Restart(long generation) => _sequence.Restart(generation);

    /// <summary>Lets go of all bytes; what is being sent keeps its own until it is done.</summary>
    public void Dispose()
    {
        _sequence.Close();
        _reader.Stop();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<OutboundRange> TakeInTurnAsync(long generation, int maxBytes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        while (true)
        {
            if (_sequence.TryTake(generation, maxBytes, out OutboundRange range, out Task? roomMade))
            {
                return range;
            }

            if (roomMade is not null)
            {
                await roomMade.WaitAsync(cancellationToken);
            }
            else
            {
                await _reader.ReadAsync(maxBytes, cancellationToken);
            }
        }
    }

    /// <summary>The right to read the source, until it is disposed, once.</summary>
    public readonly struct Turn : IDisposable
    {
        private readonly SendingHalf _half;

        internal Turn(SendingHalf half) => _half = half;

        /// <summary>The next range; see <see cref="SendingHalf.TakeAsync"/>.</summary>
        public ValueTask<OutboundRange> TakeAsync(long generation, int maxBytes, CancellationToken cancellationToken) =>
            _half.TakeInTurnAsync(generation, maxBytes, cancellationToken);

        /// <summary>The next range, where it is already there; see <see cref="SendingHalf.TryTake"/>.</summary>
        public bool TryTake(long generation, int maxBytes, out OutboundRange range) => _half.TryTake(generation, maxBytes, out range);

        /// <inheritdoc/>
        public void Dispose()
        {
            _half._turn.Release();
            _half._budget.Leave(ref _half._asking);
            if (_half.Fin is not null)
            {
                _half._ended.Set(); // not before: whoever goes on may end the session
            }
        }
    }
}
