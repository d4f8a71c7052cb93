using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>
/// What follows the first range of a message that is held open: takes the client's bytes as they come, until the message is full,
/// quiet, or at the end of the stream. It has the turn until then; the next message begins where it ends.
/// </summary>
public sealed class OpenMessage : IDisposable
{
    private readonly SendingHalf.Turn _turn;
    private readonly Deadline _quiet;
    private readonly long _limit;
    private readonly Traffic _traffic;
    private Deadline? _overdue;
    private TimeSpan _patience;
    private int _closed;

    internal OpenMessage(SendingHalf.Turn turn, OutboundRange first, int maxBytes, Traffic traffic, CancellationToken over)
    {
        (_turn, End, _limit, _traffic) = (turn, first.End, first.Offset + maxBytes, traffic);
        _quiet = new Deadline(over);
    }

    /// <summary>Offset behind the last byte that was taken.</summary>
    public long End { get; private set; }

    /// <summary>Whether it may still take bytes.</summary>
    public bool IsOpen => Volatile.Read(ref _closed) == 0;

    /// <summary>The next range, if it is there already. The caller disposes it.</summary>
    public bool TryNext(out OutboundRange range)
    {
        range = default;
        return Room > 0 && _turn.TryTake(0, Room, out range) && Taken(range);
    }

    /// <summary>Waits for the next range; null once the message is at its end. The caller disposes the range.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<OutboundRange?> NextAsync()
    {
        if (Room == 0)
        {
            Close();
            return null;
        }

        try
        {
            _quiet.After(ChannelSettings.Quiet);
            OutboundRange range = await _turn.TakeAsync(0, Room, _quiet.Token);
            return Taken(range) ? range : null;
        }
        catch (Exception)
        {
            // Quiet, or the session is over, or the source has failed, which it tells the next one who asks as well.
            Close();
            return null;
        }
    }

    /// <summary>Puts off the exchange's end whenever the message goes on; null: no exchange's any more.</summary>
    internal void Watch(Deadline? overdue, TimeSpan patience) => (_overdue, _patience) = (overdue, patience);

    /// <summary>No more is taken: another message has its turn.</summary>
    public void Dispose()
    {
        Close();
        _quiet.Dispose();
    }

    private int Room => IsOpen ? (int)(_limit - End) : 0;

    private bool Taken(OutboundRange range)
    {
        End = range.End;
        _traffic.Carried((int)range.Length);
        _overdue?.After(_patience);
        if (range.Fin is not null)
        {
            Close(); // the end itself is told by a message that knows it from its beginning
        }

        return range.Length > 0;
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _turn.Dispose();
        }
    }
}
