using System.Runtime.ExceptionServices;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// What a sending half knows of its stream, as TCP's send sequence does (RFC 9293 section 3.3.1): what is acknowledged, what is to be
/// handed out next, how far the window lets the source be read, where the stream ends. Safe for concurrent use; it never waits.
/// What it shares with <see cref="SendingHalf"/> is described there.
/// </summary>
/// <remarks>Invariants: acknowledged ≤ next ≤ end ≤ acknowledged + window; next ≤ sent, the highest offset ever handed out.</remarks>
internal sealed class SendSequence(int window, StreamBudget budget)
{
    private readonly AsyncSignal _roomMade = new(); // not inline: whoever brings an ack has its own request to answer

    // Guards every field below.
    private readonly Lock _lock = new();
    private readonly RetransmitBuffer _buffer = new(budget);
    private int _window = window;
    private long _next;
    private long _sent;
    private long _resent;
    private long _generation;
    private long? _fin;
    private ExceptionDispatchInfo? _failure;
    private bool _closed;

    public long Acknowledged
    {
        get { lock (_lock) { return _buffer.Start; } }
    }

    public long Sent
    {
        get { lock (_lock) { return _sent; } }
    }

    public long Next
    {
        get { lock (_lock) { return _next; } }
    }

    public long Resent
    {
        get { lock (_lock) { return _resent; } }
    }

    public long? Fin
    {
        get { lock (_lock) { return _fin; } }
    }

    public long Generation
    {
        get { lock (_lock) { return _generation; } }
    }

    /// <summary>The next range that is here already, or none.</summary>
    public bool TryTake(long generation, int maxBytes, out OutboundRange range)
    {
        lock (_lock)
        {
            return TryTake_NeedsLock(generation, maxBytes, out range);
        }
    }

    /// <summary>
    /// The same; where there is none, <paramref name="roomMade"/> is what to wait for before the source can be read: null where there
    /// is room for its bytes now.
    /// </summary>
    public bool TryTake(long generation, int maxBytes, out OutboundRange range, out Task? roomMade)
    {
        lock (_lock)
        {
            bool taken = TryTake_NeedsLock(generation, maxBytes, out range);
            roomMade = taken || Room_NeedsLock() > 0 ? null : _roomMade.Next();
            return taken;
        }
    }

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

    public void Limit(int window)
    {
        lock (_lock)
        {
            _window = window;
        }
    }

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

    /// <summary>Memory for the next read of the source, until <see cref="Commit"/>; none where there is no room for any.</summary>
    public bool TryReserve(int expected, int most, out Memory<byte> memory)
    {
        lock (_lock)
        {
            int room = Math.Min(Room_NeedsLock(), most);
            memory = room > 0 ? _buffer.Reserve(expected, room) : default;
            return room > 0;
        }
    }

    /// <summary>The source has put <paramref name="count"/> bytes into the reserved memory; or the stream has ended.</summary>
    public void Commit(int count, bool ended)
    {
        lock (_lock)
        {
            _buffer.Commit(count);
            if (ended)
            {
                _fin ??= _buffer.End;
            }

            if (_closed)
            {
                Clear_NeedsLock();
            }
        }
    }

    /// <summary>The source has failed: so does every later request for bytes that are not here.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
        }
    }

    /// <summary>Lets go of all bytes; whoever asks for more is told that the session has ended.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Clear_NeedsLock();
        }

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
        if (!budget.UsedUp)
        {
            return (int)(_window - held);
        }

        return held > 0 ? 0 : Math.Min(_window, StreamBudget.Share);
    }

    private bool TryTake_NeedsLock(long generation, int maxBytes, out OutboundRange range)
    {
        if (_closed)
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
}
