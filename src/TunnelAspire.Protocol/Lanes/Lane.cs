using System.Buffers;
using System.Net;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Protocol.Lanes;

/// <summary>
/// One of many connections in a connection. What has come and has not been received is kept, up to a limit that an honest peer does not
/// reach: it sends no more on a lane than short messages.
/// </summary>
public sealed class Lane : ReadyConnection
{
    /// <summary>Most bytes that may have come and not been received; the lane is cut where there are more.</summary>
    public const int MostKept = 256 * 1024;

    private const int Least = 1024;

    private readonly LaneMultiplexer _multiplexer;
    private readonly Readiness _reading = new();
    private readonly Lock _lock = new(); // of what has come
    private byte[] _bytes = [];
    private int _start;
    private int _end;
    private bool _ended;
    private SocketError _failure;
    private int _endSent;
    private int _left;

    internal Lane(LaneMultiplexer multiplexer) => _multiplexer = multiplexer;

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint => _multiplexer.RemoteEndPoint;

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint => _multiplexer.LocalEndPoint;

    /// <inheritdoc/>
    public override bool IsStale
    {
        get { lock (_lock) { return _ended || _failure != SocketError.Success || _end > _start; } }
    }

    /// <summary>What carries it.</summary>
    public LaneMultiplexer Multiplexer => _multiplexer;

    /// <summary>What it is called on the wire; 0 before its first bytes.</summary>
    internal uint Number { get; private set; }

    /// <inheritdoc/>
    public override int Receive(Span<byte> into, SocketFlags flags, out SocketError outcome)
    {
        _reading.Begin();
        bool peek = flags.HasFlag(SocketFlags.Peek);
        int count = Copy(into, peek, out outcome, out bool more);
        if (more || (peek && count > 0) || outcome is not (SocketError.Success or SocketError.WouldBlock))
        {
            _reading.Tell();
        }

        return count;
    }

    /// <inheritdoc/>
    public override ValueTask WaitAsync(CancellationToken cancellationToken) => _reading.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public override int Look(Span<byte> into, out SocketError outcome)
    {
        _reading.Begin();
        return Copy(into, peek: true, out outcome, out _);
    }

    /// <inheritdoc/>
    public override void Take(Span<byte> shown, bool more)
    {
        Copy(shown, peek: false, out _, out bool left);
        if (more || left)
        {
            _reading.Tell();
        }
    }

    /// <inheritdoc/>
    public override ValueTask<int> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        Volatile.Read(ref _endSent) == 1
            ? ValueTask.FromException<int>(new SocketException((int)SocketError.ConnectionReset))
            : _multiplexer.PutAsync(this, bytes, cancellationToken);

    /// <inheritdoc/>
    public override void EndSending()
    {
        if (Interlocked.Exchange(ref _endSent, 1) == 0)
        {
            Tell(LaneFrameKind.End);
        }
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            Tell(LaneFrameKind.Cut);
            Leave();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            EndSending();
            Leave();
        }
    }

    /// <summary>It begins, with this number, which it returns.</summary>
    internal uint Begin(uint number)
    {
        Number = number;
        _multiplexer.Begin(this);
        return number;
    }

    /// <summary>Bytes have come.</summary>
    internal void Deliver(ReadOnlySpan<byte> bytes)
    {
        bool fits;
        lock (_lock)
        {
            fits = _end - _start + bytes.Length <= MostKept;
            if (fits && _failure == SocketError.Success && !_ended)
            {
                MakeRoom_NeedsLock(bytes.Length);
                bytes.CopyTo(_bytes.AsSpan(_end));
                _end += bytes.Length;
            }
        }

        if (fits)
        {
            _reading.Tell();
        }
        else
        {
            Abort();
        }
    }

    /// <summary>The peer sends no more.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _ended = true;
        }

        _reading.Tell(forGood: true);
    }

    /// <summary>What has carried the lane has ended: nothing is sent any more. What the peer has sent to its end stays to be received.</summary>
    internal void Lose()
    {
        bool ended;
        lock (_lock)
        {
            ended = _ended;
        }

        if (ended)
        {
            Volatile.Write(ref _endSent, 1);
        }
        else
        {
            Fail(SocketError.ConnectionReset);
        }
    }

    /// <summary>The lane is over, whatever has come.</summary>
    internal void Fail(SocketError failure)
    {
        lock (_lock)
        {
            if (_failure == SocketError.Success)
            {
                _failure = failure;
            }

            Release_NeedsLock();
        }

        Volatile.Write(ref _endSent, 1); // nobody takes what would be sent
        _reading.Tell(forGood: true);
    }

    private void Tell(LaneFrameKind kind)
    {
        if (Number != 0)
        {
            _multiplexer.Tell(Number, kind);
        }
    }

    private void Leave()
    {
        _multiplexer.Forget(this);
        Fail(SocketError.OperationAborted);
    }

    private int Copy(Span<byte> into, bool peek, out SocketError outcome, out bool more)
    {
        lock (_lock)
        {
            int count = Math.Min(into.Length, _end - _start);
            outcome = _failure != SocketError.Success ? _failure : count > 0 || _ended || into.IsEmpty ? SocketError.Success : SocketError.WouldBlock;
            _bytes.AsSpan(_start, count).CopyTo(into);
            if (!peek && (_start += count) == _end)
            {
                Release_NeedsLock();
            }

            more = _end > _start;
            return count;
        }
    }

    private void MakeRoom_NeedsLock(int length)
    {
        if (_end + length <= _bytes.Length)
        {
            return;
        }

        int kept = _end - _start;
        byte[] room = kept + length <= _bytes.Length ? _bytes : ArrayPool<byte>.Shared.Rent(Math.Max(2 * kept, Math.Max(kept + length, Least)));
        _bytes.AsSpan(_start, kept).CopyTo(room);
        if (room != _bytes)
        {
            Release_NeedsLock();
        }

        (_bytes, _start, _end) = (room, 0, kept);
    }

    private void Release_NeedsLock()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        (_bytes, _start, _end) = ([], 0, 0);
    }
}
