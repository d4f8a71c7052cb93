using System.Diagnostics;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Lanes;

/// <summary>
/// Frames on their way out. What the lanes send while their thread deals with what it has been told together goes out as one: the more
/// is under way, the less each message costs.
/// </summary>
/// <param name="output">Where frames go.</param>
/// <param name="failed">Told, once, when no more can be sent.</param>
internal sealed class LaneOutput(Stream output, Action failed)
{
    private const int SmallBuffer = 4 * 1024;
    private const int MostGathered = 48 * 1024;
    private const int LargeBuffer = MostGathered + LaneFrame.HeadLength + LaneFrame.MostBytes;
    private const int MostUntaken = 1024 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromMicroseconds(20); // a frame waits for others: whoever is to get it should begin meanwhile

    private readonly AsyncSignal _room = new();
    private Action? _sendGathered; // made once

    // Guards the fields below.
    private readonly Lock _lock = new();
    private byte[] _gathered = new byte[SmallBuffer];
    private byte[] _spare = new byte[SmallBuffer];
    private int _count;
    private State _state;
    private long _since; // the first frame has been gathered
    private uint _numbered;
    private bool _over;
    private TaskCompletionSource? _sent; // somebody waits until nothing is being sent

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

    /// <summary>Nothing more is sent.</summary>
    public bool IsOver => Volatile.Read(ref _over);

    /// <summary>Sends a part of a lane's bytes; returns how many. A lane that has no number yet gets the next one: they are sent in their order.</summary>
    public ValueTask<int> PutAsync(Lane lane, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        int count = Math.Min(bytes.Length, LaneFrame.MostBytes);
        Task? room = null;
        Begin begin = Begin.Not;
        bool over;
        lock (_lock)
        {
            over = _over;
            if (over)
            {
                // Told below.
            }
            else if (_count < MostGathered)
            {
                uint number = lane.Number != 0 ? lane.Number : lane.Begin(++_numbered);
                begin = Append_NeedsLock(new LaneFrame(number, LaneFrameKind.Bytes, count), bytes.Span[..count]);
            }
            else
            {
                room = _room.Next();
            }
        }

        if (over)
        {
            lane.Fail(SocketError.ConnectionReset); // it may not have begun: then nobody else tells whoever waits for its answer
            return ValueTask.FromException<int>(new SocketException((int)SocketError.ConnectionReset));
        }

        if (room is not null)
        {
            return PutLaterAsync(room, lane, bytes, cancellationToken);
        }

        BeginSending(begin);
        return ValueTask.FromResult(count);
    }

    /// <summary>Sends a frame without bytes. It waits for no room; a peer that takes none of them is left.</summary>
    public void Tell(uint lane, LaneFrameKind kind)
    {
        Begin begin;
        bool full;
        lock (_lock)
        {
            begin = _over ? Begin.Not : Append_NeedsLock(new LaneFrame(lane, kind, 0), []);
            full = !_over && _count > MostUntaken;
        }

        BeginSending(begin);
        if (full)
        {
            failed();
        }
    }

    /// <summary>Takes no more frames.</summary>
    /// <param name="drops">Those that have been gathered are not sent any more.</param>
    public void End(bool drops)
    {
        if (!drops)
        {
            SendGathered();
        }

        lock (_lock)
        {
            _over = true;
            _count = drops ? 0 : _count;
        }

        _room.Set();
    }

    /// <summary>Waits until nothing is being sent: the output is its owner's again. A peer that takes nothing makes it wait until the output fails.</summary>
    public Task SentAsync()
    {
        lock (_lock)
        {
            return _state == State.Idle ? Task.CompletedTask : (_sent ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private async ValueTask<int> PutLaterAsync(Task room, Lane lane, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
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
            Array.Resize(ref _gathered, end > LargeBuffer ? 2 * end : Math.Max(end, Math.Min(2 * _gathered.Length, LargeBuffer)));
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
            _ = SendAsync();
        }
        else if (begin == Begin.Later && !SocketPoller.AfterRound(_sendGathered ??= SendGathered))
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

        _ = SendAsync();
    }

    /// <summary>Sends what has been gathered, and what is gathered meanwhile.</summary>
    private async Task SendAsync()
    {
        try
        {
            while (TryTakeGathered(out ReadOnlyMemory<byte> frames))
            {
                await output.WriteAsync(frames);
                await output.FlushAsync();
                _room.Set();
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            failed();
            TryTakeGathered(out _); // there is nothing
        }
    }

    private bool TryTakeGathered(out ReadOnlyMemory<byte> frames)
    {
        lock (_lock)
        {
            bool any = _count > 0; // also of what was told before the end
            frames = _gathered.AsMemory(0, _count);
            _state = any ? State.Sending : State.Idle;
            (_gathered, _spare, _count) = (_spare, _gathered, 0);
            if (!any)
            {
                _sent?.TrySetResult();
            }

            return any;
        }
    }
}
