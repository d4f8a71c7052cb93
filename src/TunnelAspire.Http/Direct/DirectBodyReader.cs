using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Http1;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// A request's body, straight from the socket: bytes are handed out where they were received, and the socket is read only because
/// somebody asks for more. A buffer is held only while a body is read.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A CancellationTokenSource without a timer holds nothing to dispose.")]
internal sealed class DirectBodyReader(ReadyConnection connection) : PipeReader
{
    private const int SmallBuffer = 4 * 1024;
    private const int LargeBuffer = 64 * 1024;

    private CancellationTokenSource? _cancel; // made with the first wait
    private byte[] _buffer = [];
    private int _start; // of what has been received and not been handed out
    private int _end;
    private ReadOnlyMemory<byte> _part; // what has been handed out and not been consumed
    private BodyFraming _framing = BodyFraming.OfLength(0);
    private bool _cancelled;

    /// <summary>All of the body has been consumed.</summary>
    public bool Ended => _framing.Ended && _part.IsEmpty;

    /// <summary>More of the body is to come, and nobody knows how much: reading on may run into the next request.</summary>
    public bool MayRunOver => !_framing.Ended && !_framing.HasLength;

    /// <summary>Nothing of the body is still to come.</summary>
    public bool HasAll => Ended || (_framing.HasLength && _framing.Remaining <= _end - _start);

    /// <summary>Begins a body of <paramref name="length"/> bytes; null: chunked. Some of it may have been received with the head.</summary>
    public void Begin(long? length, ReadOnlySpan<byte> received = default)
    {
        if (received.Length > 0)
        {
            _buffer = RoomyBuffers.Take(SmallBuffer);
            received.CopyTo(_buffer);
        }

        (_start, _end) = (0, received.Length);
        _part = default;
        Volatile.Write(ref _cancelled, false);
        _framing = length is { } known ? BodyFraming.OfLength(known) : BodyFraming.Chunked();
    }

    /// <summary>Ends it; returns what was received beyond its end, which nobody asked for yet.</summary>
    public int End()
    {
        int beyond = _end - _start;
        if (_buffer.Length > 0)
        {
            RoomyBuffers.GiveBack(_buffer);
        }

        (_buffer, _start, _end, _part) = ([], 0, 0, default);
        return beyond;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ReadResult result;
        while (!TryRead(out result))
        {
            Compact();
            if (!await ReceiveAsync(cancellationToken))
            {
                return new ReadResult(default, isCanceled: true, isCompleted: false);
            }
        }

        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_part.IsEmpty)
        {
            ReadFraming();
            _part = Take();
        }

        ReadFraming(); // an end that has come with the last bytes is told with them
        result = new ReadResult(new ReadOnlySequence<byte>(_part), isCanceled: false, _framing.Ended);
        return result.IsCompleted || !_part.IsEmpty;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        int rest = (int)new ReadOnlySequence<byte>(_part).Slice(consumed).Length;
        _part = _part[^rest..];
    }

    public override void CancelPendingRead()
    {
        Interlocked.Exchange(ref _cancelled, true); // a fence: either the reader sees this, or this sees the reader's source
        Volatile.Read(ref _cancel)?.Cancel();
    }

    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>Reads what has been received of the framing between the body's bytes.</summary>
    private void ReadFraming()
    {
        try
        {
            _start += _framing.Read(_buffer.AsSpan(_start.._end));
        }
        catch (FormatException e)
        {
            throw new BadHttpRequestException($"Broken body: {e.Message}.", e);
        }
    }

    /// <summary>The body's next bytes among those that were received; empty where there are none.</summary>
    private ReadOnlyMemory<byte> Take()
    {
        int count = (int)Math.Min(_end - _start, _framing.Remaining);
        if (count == 0)
        {
            return default;
        }

        ReadOnlyMemory<byte> part = _buffer.AsMemory(_start, count);
        _start += count;
        _framing.Took(count);
        return part;
    }

    /// <summary>Makes room behind what has been received and not been read.</summary>
    private void Compact()
    {
        bool full = _end == _buffer.Length && _buffer.Length < LargeBuffer;
        byte[] room = full ? RoomyBuffers.Take(_buffer.Length == 0 ? SmallBuffer : LargeBuffer) : _buffer;
        _buffer.AsSpan(_start.._end).CopyTo(room);
        (_start, _end) = (0, _end - _start);
        if (full && _buffer.Length > 0)
        {
            RoomyBuffers.GiveBack(_buffer);
        }

        _buffer = room;
    }

    /// <summary>Receives more; false where the read was cancelled by <see cref="CancelPendingRead"/>.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReceiveAsync(CancellationToken cancellationToken)
    {
        // Never beyond a body whose length is known: what follows belongs to the next request.
        int most = _framing.HasLength ? (int)Math.Min(_buffer.Length - _end, _framing.Remaining) : _buffer.Length - _end;
        if (_cancel?.TryReset() != true)
        {
            Interlocked.Exchange(ref _cancel, new CancellationTokenSource());
        }

        if (Volatile.Read(ref _cancelled))
        {
            Volatile.Write(ref _cancelled, false);
            return false;
        }

        CancellationTokenSource cancel = _cancel;
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), cancel);
        try
        {
            int count = await connection.ReceiveAsync(_buffer.AsMemory(_end, most), cancel.Token);
            _end += count;
            return count > 0 ? true : throw Broken("it broke off");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Volatile.Write(ref _cancelled, false);
            return false; // the read was cancelled, not its caller
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e); // as the web server tells it: a socket's own failure would pass for the target's
        }
    }

    private BadHttpRequestException Broken(string how)
    {
        _framing.Break();
        return new BadHttpRequestException($"Broken body: {how}.");
    }
}
