using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Protocol.Lanes;

/// <summary>Carries many connections, the lanes, as frames in two streams of bytes. docs/protocol.md describes the frames.</summary>
public sealed class LaneMultiplexer
{
    /// <summary>Most lanes at once.</summary>
    public const int MostLanes = 32 * 1024;

    private const int SmallBuffer = 4 * 1024;
    private const int LargeBuffer = 2 * (LaneFrame.HeadLength + LaneFrame.MostBytes);

    private readonly LaneOutput _output;
    private readonly Action<Lane>? _accepted;
    private readonly ConcurrentDictionary<uint, Lane> _lanes = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _pong;
    private int _count; // of the lanes: the dictionary would stop everybody to count them
    private long _heard = Environment.TickCount64;
    private uint _highest; // of the peer's lanes

    /// <summary>Carries lanes.</summary>
    /// <param name="output">Where frames go. Belongs to the caller.</param>
    /// <param name="accepted">Takes a lane that the peer has opened; null: the peer may not open any.</param>
    public LaneMultiplexer(Stream output, Action<Lane>? accepted = null) => (_output, _accepted) = (new LaneOutput(output, () => End(drops: true)), accepted);

    /// <summary>The peer's address, as the lanes tell it.</summary>
    public EndPoint? RemoteEndPoint { get; init; }

    /// <summary>This side's address, as the lanes tell it.</summary>
    public EndPoint? LocalEndPoint { get; init; }

    /// <summary>Cuts the streams, where the input has failed while something is being sent, which might wait for the peer. Null: whoever runs this does it.</summary>
    public Action? Cut { get; init; }

    /// <summary>Lanes that have begun, and have not been closed on this side.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Since when nothing has come, in milliseconds since the system started.</summary>
    public long LastHeard => Volatile.Read(ref _heard);

    /// <summary>Completes when the peer takes no more lanes.</summary>
    public Task Leaving => _left.Task;

    /// <summary>Opens a lane. It begins with its first bytes.</summary>
    public Lane Open() => new(this);

    /// <summary>Takes no more lanes from the peer, and says so.</summary>
    public void Leave()
    {
        if (_left.TrySetResult())
        {
            Tell(0, LaneFrameKind.Leave);
        }
    }

    /// <summary>Asks whether the peer is there; completes when it says so, and is cancelled where it cannot any more.</summary>
    public Task PingAsync()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource pong = Interlocked.CompareExchange(ref _pong, asked, null) ?? asked;
        Tell(0, LaneFrameKind.Ping);
        if (_output.IsOver)
        {
            pong.TrySetCanceled();
        }

        return pong.Task;
    }

    /// <summary>Takes frames until <paramref name="input"/> ends or fails. All lanes end with it, and nothing more is sent; where it has not failed, what was told before is.</summary>
    /// <exception cref="IOException">The input is no sequence of frames, or has failed.</exception>
    public async Task RunAsync(Stream input, CancellationToken cancellationToken)
    {
        bool failed = false;
        try
        {
            await TakeAllAsync(input, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            failed = true; // whoever carries the streams cuts them: what is being sent ends with that
            throw;
        }
        finally
        {
            End(drops: failed);
            Task sent = _output.SentAsync();
            if (failed && !sent.IsCompleted)
            {
                Cut?.Invoke();
            }

            await (failed && Cut is null ? Task.CompletedTask : sent);
        }
    }

    /// <summary>Ends all lanes; completes when nothing is being sent any more: the output is the caller's again.</summary>
    public Task EndAsync()
    {
        End(drops: false);
        return _output.SentAsync();
    }

    private async Task TakeAllAsync(Stream input, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[SmallBuffer];
        int end = 0;
        int count;
        while ((count = await input.ReadAsync(buffer.AsMemory(end), cancellationToken)) > 0)
        {
            if (_output.IsOver)
            {
                throw new IOException("what is sent is not taken");
            }

            Volatile.Write(ref _heard, Environment.TickCount64);
            end += count;
            int taken = Take(buffer.AsSpan(0, end));
            buffer.AsSpan(taken, end - taken).CopyTo(buffer);
            end -= taken;
            if (end == buffer.Length || count == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(2 * buffer.Length, LargeBuffer));
            }
        }
    }

    /// <summary>Sends a part of a lane's bytes; returns how many.</summary>
    internal ValueTask<int> PutAsync(Lane lane, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => _output.PutAsync(lane, bytes, cancellationToken);

    /// <summary>Sends a frame without bytes.</summary>
    internal void Tell(uint lane, LaneFrameKind kind) => _output.Tell(lane, kind);

    /// <summary>A lane of this side's begins.</summary>
    internal void Begin(Lane lane)
    {
        Interlocked.Increment(ref _count);
        _lanes[lane.Number] = lane;
    }

    /// <summary>A lane has been closed on this side.</summary>
    internal void Forget(Lane lane)
    {
        if (_lanes.TryRemove(lane.Number, out _))
        {
            Interlocked.Decrement(ref _count);
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
            case LaneFrameKind.Bytes when _accepted is not null && frame.Lane > _highest:
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
                Interlocked.Exchange(ref _pong, null)?.TrySetResult();
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
        _highest = number;
        if (Count >= MostLanes || _left.Task.IsCompleted)
        {
            Tell(number, LaneFrameKind.Cut);
            return;
        }

        Lane lane = new(this);
        lane.Begin(number);
        lane.Deliver(first);
        _accepted!(lane);
    }

    private void End(bool drops)
    {
        _output.End(drops);
        _left.TrySetResult();
        Interlocked.Exchange(ref _pong, null)?.TrySetCanceled();
        foreach (Lane lane in _lanes.Values)
        {
            lane.Lose();
        }
    }
}
