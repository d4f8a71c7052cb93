using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Lanes;

/// <summary>
/// Carries many connections, the lanes, as frames in two streams of bytes. What the lanes send while their thread deals with what it
/// has been told together goes out as one: the more is under way, the less each message costs. docs/protocol.md describes the frames.
/// </summary>
public sealed class LaneMultiplexer
{
    /// <summary>Most lanes at once.</summary>
    public const int MostLanes = 32 * 1024;

    private const int SmallBuffer = 4 * 1024;
    private const int MostGathered = 48 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromMicroseconds(20); // a frame waits for others: whoever is to get it should begin meanwhile

    private readonly Stream _output;
    private readonly Action<Lane>? _accepted;
    private readonly Action _sendGathered;
    private enum State
    {
        Idle,
        Gathering,
        Sending,
    }

    private enum Begin
    {
        Not,
        Later,
        Now,
    }

    private readonly ConcurrentDictionary<uint, Lane> _lanes = new();
    private readonly AsyncSignal _room = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _sent = Task.CompletedTask;
    private long _heard = Environment.TickCount64;
    private uint _opened;

    // Guards the fields below.
    private readonly Lock _lock = new();
    private byte[] _gathered = new byte[SmallBuffer];
    private byte[] _spare = new byte[SmallBuffer];
    private int _count;
    private State _state;
    private long _since; // the first frame that has been gathered
    private bool _over;
    private TaskCompletionSource? _pong;

    /// <summary>Carries lanes.</summary>
    /// <param name="output">Where frames go. Belongs to the caller.</param>
    /// <param name="accepted">Takes a lane that the peer has opened; null: the peer may not open any.</param>
    public LaneMultiplexer(Stream output, Action<Lane>? accepted = null)
    {
        (_output, _accepted, _sendGathered) = (output, accepted, SendGathered);
    }

    /// <summary>The peer's address, as the lanes tell it.</summary>
    public EndPoint? RemoteEndPoint { get; init; }

    /// <summary>This side's address, as the lanes tell it.</summary>
    public EndPoint? LocalEndPoint { get; init; }

    /// <summary>Lanes that have not been closed on this side.</summary>
    public int Count => _lanes.Count;

    /// <summary>Since when nothing has come, in milliseconds since the system started.</summary>
    public long LastHeard => Volatile.Read(ref _heard);

    /// <summary>Completes when the peer takes no more lanes.</summary>
    public Task Leaving => _left.Task;

    /// <summary>Opens a lane. The peer hears of it with its first bytes.</summary>
    public Lane Open()
    {
        Lane lane = new(this, Interlocked.Increment(ref _opened));
        _lanes[lane.Number] = lane;
        if (Volatile.Read(ref _over))
        {
            lane.Dispose();
        }

        return lane;
    }

    /// <summary>Takes no more lanes from the peer, and says so.</summary>
    public void Leave()
    {
        if (_left.TrySetResult())
        {
            Tell(0, LaneFrameKind.Leave);
        }
    }

    /// <summary>Asks whether the peer is there; completes when it says so.</summary>
    public Task PingAsync()
    {
        Task pong;
        lock (_lock)
        {
            _pong ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            pong = _pong.Task;
        }

        Tell(0, LaneFrameKind.Ping);
        return pong;
    }

    /// <summary>Takes frames until <paramref name="input"/> ends or fails. All lanes end with it, and nothing more is sent.</summary>
    /// <exception cref="IOException">The input is no sequence of frames, or has failed.</exception>
    public async Task RunAsync(Stream input, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[SmallBuffer];
        int end = 0;
        try
        {
            int count;
            while ((count = await input.ReadAsync(buffer.AsMemory(end), cancellationToken)) > 0)
            {
                Volatile.Write(ref _heard, Environment.TickCount64);
                end += count;
                int taken = Take(buffer.AsSpan(0, end));
                buffer.AsSpan(taken, end - taken).CopyTo(buffer);
                end -= taken;
                if (end == buffer.Length || count == buffer.Length)
                {
                    Array.Resize(ref buffer, Math.Min(2 * buffer.Length, 2 * (LaneFrame.HeadLength + LaneFrame.MostBytes)));
                }
            }
        }
        finally
        {
            End();
            await Volatile.Read(ref _sent);
        }
    }

    /// <summary>Sends a part of a lane's bytes; returns how many.</summary>
    internal ValueTask<int> PutAsync(uint lane, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        int count = Math.Min(bytes.Length, LaneFrame.MostBytes);
        Task? room = null;
        Begin begin = Begin.Not;
        lock (_lock)
        {
            if (_over)
            {
                return ValueTask.FromException<int>(new SocketException((int)SocketError.ConnectionReset));
            }

            if (_count < MostGathered)
            {
                begin = Append_NeedsLock(new LaneFrame(lane, LaneFrameKind.Bytes, count), bytes.Span[..count]);
            }
            else
            {
                room = _room.Next();
            }
        }

        if (room is not null)
        {
            return PutLaterAsync(room, lane, bytes, cancellationToken);
        }

        BeginSending(begin);
        return ValueTask.FromResult(count);
    }

    /// <summary>Sends a frame without bytes. There is always room for it.</summary>
    internal void Tell(uint lane, LaneFrameKind kind)
    {
        Begin begin;
        lock (_lock)
        {
            begin = _over ? Begin.Not : Append_NeedsLock(new LaneFrame(lane, kind, 0), []);
        }

        BeginSending(begin);
    }

    /// <summary>A lane has been closed on this side.</summary>
    internal void Forget(Lane lane) => _lanes.TryRemove(lane.Number, out _);

    private async ValueTask<int> PutLaterAsync(Task room, uint lane, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        return await PutAsync(lane, bytes, cancellationToken);
    }

    /// <summary>Gathers a frame; returns when sending is to be begun.</summary>
    private Begin Append_NeedsLock(LaneFrame frame, ReadOnlySpan<byte> bytes)
    {
        int end = _count + LaneFrame.HeadLength + bytes.Length;
        if (end > _gathered.Length)
        {
            Array.Resize(ref _gathered, Math.Max(end, 2 * _gathered.Length));
        }

        frame.Write(_gathered.AsSpan(_count));
        bytes.CopyTo(_gathered.AsSpan(_count + LaneFrame.HeadLength));
        _count = end;
        switch (_state)
        {
            case State.Idle:
                (_state, _since) = (State.Gathering, Stopwatch.GetTimestamp());
                return Begin.Later;
            case State.Gathering when Stopwatch.GetElapsedTime(_since) > Longest:
                _state = State.Sending;
                return Begin.Now;
            default:
                return Begin.Not;
        }
    }

    private void BeginSending(Begin begin)
    {
        if (begin == Begin.Now)
        {
            Volatile.Write(ref _sent, SendAsync());
        }
        else if (begin == Begin.Later && !SocketPoller.AfterRound(_sendGathered))
        {
            SendGathered();
        }
    }

    private void SendGathered()
    {
        lock (_lock)
        {
            if (_state != State.Gathering)
            {
                return; // it could not wait for so long
            }

            _state = State.Sending;
        }

        Volatile.Write(ref _sent, SendAsync());
    }

    /// <summary>Sends what has been gathered, and what is gathered meanwhile.</summary>
    private async Task SendAsync()
    {
        try
        {
            while (TryTakeGathered(out ReadOnlyMemory<byte> frames))
            {
                await _output.WriteAsync(frames);
                await _output.FlushAsync();
                _room.Set();
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            End(); // whoever carries the streams notices as well
        }
    }

    private bool TryTakeGathered(out ReadOnlyMemory<byte> frames)
    {
        lock (_lock)
        {
            frames = _gathered.AsMemory(0, _count);
            bool any = _count > 0 && !_over;
            _state = any ? State.Sending : State.Idle;
            (_gathered, _spare, _count) = (_spare, _gathered, 0);
            return any;
        }
    }

    /// <summary>Deals with all whole frames at the beginning; returns their length.</summary>
    private int Take(ReadOnlySpan<byte> received)
    {
        int taken = 0;
        while (received.Length - taken >= LaneFrame.HeadLength)
        {
            LaneFrame frame = LaneFrame.Read(received[taken..]);
            if (frame.Length > LaneFrame.MostBytes || (frame.Length > 0 && frame.Kind != LaneFrameKind.Bytes))
            {
                throw new IOException($"a frame of {frame.Length} bytes, of kind {(int)frame.Kind}");
            }

            int end = taken + LaneFrame.HeadLength + frame.Length;
            if (end > received.Length)
            {
                break;
            }

            Take(frame, received[(taken + LaneFrame.HeadLength)..end]);
            taken = end;
        }

        return taken;
    }

    private void Take(LaneFrame frame, ReadOnlySpan<byte> bytes)
    {
        switch (frame.Kind)
        {
            case LaneFrameKind.Bytes when _lanes.TryGetValue(frame.Lane, out Lane? lane):
                lane.Deliver(bytes);
                break;
            case LaneFrameKind.Bytes when _accepted is not null && frame.Lane > _opened:
                Accept(frame.Lane, bytes);
                break;
            case LaneFrameKind.End when _lanes.TryGetValue(frame.Lane, out Lane? lane):
                lane.End();
                break;
            case LaneFrameKind.Cut when _lanes.TryGetValue(frame.Lane, out Lane? lane):
                lane.Fail(SocketError.ConnectionReset);
                break;
            case LaneFrameKind.Ping:
                Tell(0, LaneFrameKind.Pong);
                break;
            case LaneFrameKind.Pong:
                Answered();
                break;
            case LaneFrameKind.Leave:
                _left.TrySetResult();
                break;
            case LaneFrameKind.Bytes or LaneFrameKind.End or LaneFrameKind.Cut:
                break; // of a lane that is closed here
            default:
                throw new IOException($"a frame of kind {(int)frame.Kind}");
        }
    }

    private void Accept(uint number, ReadOnlySpan<byte> first)
    {
        _opened = number;
        if (_lanes.Count >= MostLanes || _left.Task.IsCompleted)
        {
            Tell(number, LaneFrameKind.Cut);
            return;
        }

        Lane lane = new(this, number);
        _lanes[number] = lane;
        lane.Deliver(first);
        _accepted!(lane);
    }

    private void Answered()
    {
        lock (_lock)
        {
            _pong?.TrySetResult();
            _pong = null;
        }
    }

    private void End()
    {
        lock (_lock)
        {
            _over = true;
            _pong?.TrySetCanceled();
        }

        _left.TrySetResult();
        _room.Set();
        foreach (Lane lane in _lanes.Values)
        {
            lane.Fail(SocketError.ConnectionReset);
        }
    }
}
