using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// The sending half of a direction, the same at both ends: reads the source because somebody asks for bytes, hands them out as
/// ranges, and keeps them until they are acknowledged. Never holds more than its window.
/// </summary>
/// <remarks>
/// Invariants: acknowledged ≤ next ≤ end ≤ acknowledged + window; next ≤ sent, the highest offset ever handed out.
/// One asker at a time reads the source, in the order of asking; the others wait for their turn.
/// </remarks>
public sealed class SendingHalf : IDisposable
{
    private readonly SourceReader _reader; // belongs to whoever has the turn
    private readonly StreamBudget _budget;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly AsyncSignal _roomMade = new(); // not inline: whoever brings an ack has its own request to answer
    private readonly AsyncSignal _ended = new(inline: true);

    // Guards every field below.
    private readonly Lock _lock = new();
    private readonly RetransmitBuffer _buffer;
    private int _window;
    private long _next;
    private long _sent;
    private long _resent;
    private long _generation;
    private long? _fin;
    private ExceptionDispatchInfo? _failure;
    private bool _disposed;

    private int _asking; // how many have the turn or wait for it

    /// <summary>A half that reads <paramref name="source"/> and keeps at most <paramref name="window"/> bytes, out of the process's <paramref name="budget"/>.</summary>
    public SendingHalf(IByteSource source, int window, StreamBudget? budget = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        _reader = new SourceReader(source, this);
        _budget = budget ?? new StreamBudget();
        _buffer = new RetransmitBuffer(_budget);
        _window = window;
    }

    /// <summary>All bytes below it have arrived at the other end.</summary>
    public long Acknowledged
    {
        get { lock (_lock) { return _buffer.Start; } }
    }

    /// <summary>The highest offset handed out so far; an ack above it is a lie.</summary>
    public long Sent
    {
        get { lock (_lock) { return _sent; } }
    }

    /// <summary>Offset of the next byte to hand out.</summary>
    public long Next
    {
        get { lock (_lock) { return _next; } }
    }

    /// <summary>Bytes handed out more than once.</summary>
    public long Resent
    {
        get { lock (_lock) { return _resent; } }
    }

    /// <summary>The offset at which the stream ends, once the source has ended.</summary>
    public long? Fin
    {
        get { lock (_lock) { return _fin; } }
    }

    /// <summary>The generation that is served; see <see cref="Restart"/>.</summary>
    public long Generation
    {
        get { lock (_lock) { return _generation; } }
    }

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
    public bool TryTake(long generation, int maxBytes, out OutboundRange range)
    {
        lock (_lock)
        {
            return TryTake_NeedsLock(generation, maxBytes, out range);
        }
    }

    /// <summary>
    /// Bytes that were handed out before and have not been acknowledged: those of [<paramref name="from"/>, <paramref name="end"/>),
    /// <paramref name="maxBytes"/> at the most. For one who repeats a message; empty where all have been acknowledged.
    /// </summary>
    public OutboundRange Again(long from, long end, int maxBytes)
    {
        lock (_lock)
        {
            long first = Math.Max(from, _buffer.Start);
            int length = (int)Math.Clamp(Math.Min(end, _sent) - first, 0, maxBytes);
            _resent += length;
            long? fin = first + length >= _fin ? _fin : null;
            return length == 0 ? new OutboundRange(Math.Max(first, end), fin) : _buffer.Range(first, length, fin);
        }
    }

    /// <summary>All bytes below <paramref name="offset"/> have arrived. A lower offset than before is old news and ignored.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.Malformed"/>: the offset was never handed out.</exception>
    public void Acknowledge(long offset)
    {
        lock (_lock)
        {
            if (offset > _sent)
            {
                throw new TunnelException(TunnelError.Malformed, $"ack {offset} is beyond {_sent}, the end of what was sent");
            }

            if (offset <= _buffer.Start)
            {
                return;
            }

            _buffer.Acknowledge(offset);
            _next = Math.Max(_next, offset);
        }

        _roomMade.Set();
    }

    /// <summary>From now on at most <paramref name="window"/> bytes are kept. What is held beyond that stays until it is acknowledged.</summary>
    public void Limit(int window)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(window);
        lock (_lock)
        {
            _window = window;
        }
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
    public bool Restart(long generation)
    {
        lock (_lock)
        {
            if (generation <= _generation)
            {
                return false;
            }

            _generation = generation;
            _next = _buffer.Start;
        }

        _roomMade.Set();
        return true;
    }

    /// <summary>Lets go of all bytes; what is being sent keeps its own until it is done.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Clear_NeedsLock();
        }

        _reader.Stop();
        _roomMade.Set();
    }

    private void Clear_NeedsLock()
    {
        _buffer.Clear();
        _next = _sent = _buffer.End;
    }

    /// <summary>Bytes that may be read: what the window leaves, and where the process's memory is used up a share for one that holds nothing.</summary>
    private int Room_NeedsLock()
    {
        long held = _buffer.End - _buffer.Start;
        if (!_budget.UsedUp)
        {
            return (int)(_window - held);
        }

        return held > 0 ? 0 : Math.Min(_window, StreamBudget.Share);
    }

    private bool TryTake_NeedsLock(long generation, int maxBytes, out OutboundRange range)
    {
        if (_disposed)
        {
            throw new TunnelException(TunnelError.SessionGone, "the session has ended");
        }

        if (generation != _generation)
        {
            throw new TunnelException(TunnelError.Superseded, $"generation {generation} is over, {_generation} is served");
        }

        int length = (int)Math.Min(_buffer.End - _next, maxBytes);
        if (length == 0)
        {
            _failure?.Throw();
            range = _fin is null ? default : new OutboundRange(_next, _fin);
            return _fin is not null;
        }

        long end = _next + length;
        range = _buffer.Range(_next, length, end == _fin ? _fin : null);
        _resent += Math.Max(0, Math.Min(end, _sent) - _next);
        _next = end;
        _sent = Math.Max(_sent, end);
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<OutboundRange> TakeInTurnAsync(long generation, int maxBytes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        while (true)
        {
            Task roomMade = Task.CompletedTask;
            bool full;
            lock (_lock)
            {
                if (TryTake_NeedsLock(generation, maxBytes, out OutboundRange range))
                {
                    return range;
                }

                full = Room_NeedsLock() <= 0;
                if (full)
                {
                    roomMade = _roomMade.Next();
                }
            }

            if (full)
            {
                await roomMade.WaitAsync(cancellationToken);
            }
            else
            {
                await _reader.ReadAsync(maxBytes, cancellationToken);
            }
        }
    }

    /// <summary>Memory for the reader's next read; none where there is no room for any.</summary>
    internal bool TryReserve(int expected, int most, out Memory<byte> memory)
    {
        lock (_lock)
        {
            int room = Math.Min(Room_NeedsLock(), most);
            memory = room > 0 ? _buffer.Reserve(expected, room) : default;
            return room > 0;
        }
    }

    /// <summary>The reader has put <paramref name="count"/> bytes into the reserved memory; or the stream has ended.</summary>
    internal void Commit(int count, bool ended)
    {
        lock (_lock)
        {
            _buffer.Commit(count);
            if (ended)
            {
                _fin ??= _buffer.End;
            }

            if (_disposed)
            {
                Clear_NeedsLock();
            }
        }
    }

    /// <summary>The source has failed: so does every later request for bytes that are not here.</summary>
    internal void Failed(Exception failure)
    {
        lock (_lock)
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
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
