using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Lanes;

/// <summary>Gives what a test wants a multiplexer to receive, a part at each read, and keeps what that sends. It may be made to take nothing for a while.</summary>
internal sealed class ScriptedStream(params byte[][] parts) : BareStream
{
    private readonly Queue<byte[]> _parts = new(parts.Where(part => part.Length > 0));
    private readonly TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MemoryStream _sent = new();
    private TaskCompletionSource? _shut;
    private int _given; // of the first part

    /// <summary>All parts have been dealt with: more is waited for.</summary>
    public Task Taken => _taken.Task;

    /// <summary>What has been sent, so far.</summary>
    public byte[] Sent
    {
        get { lock (_sent) { return _sent.ToArray(); } }
    }

    /// <summary>Most bytes that were sent at once.</summary>
    public int Largest { get; private set; }

    /// <summary>A frame.</summary>
    public static byte[] Frame(uint lane, LaneFrameKind kind, params byte[] bytes)
    {
        byte[] head = new byte[LaneFrame.HeadLength];
        new LaneFrame(lane, kind, bytes.Length).Write(head);
        return [.. head, .. bytes];
    }

    /// <summary>Takes nothing, until <see cref="Open"/>.</summary>
    public void Shut() => _shut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => Interlocked.Exchange(ref _shut, null)?.TrySetResult();

    /// <summary>What is to be received ends behind the parts.</summary>
    public ScriptedStream End()
    {
        _end.TrySetResult();
        return this;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_parts.Count == 0)
        {
            _taken.TrySetResult();
            await _end.Task.WaitAsync(cancellationToken);
            return 0;
        }

        byte[] part = _parts.Peek();
        int count = Math.Min(part.Length - _given, buffer.Length);
        part.AsMemory(_given, count).CopyTo(buffer);
        _given += count;
        if (_given == part.Length)
        {
            _parts.Dequeue();
            _given = 0;
        }

        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await (Volatile.Read(ref _shut)?.Task ?? Task.CompletedTask);
        lock (_sent)
        {
            _sent.Write(buffer.Span);
            Largest = Math.Max(Largest, buffer.Length);
        }
    }
}
