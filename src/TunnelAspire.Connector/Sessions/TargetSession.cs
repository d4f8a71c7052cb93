using System.Diagnostics;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Connector.Shaping;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Metering;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Sessions;

/// <summary>A session at the connector: the target's socket, the byte machine on it, and the session's clocks.</summary>
#pragma warning disable CA1001 // Close lets go of the socket, in one of two ways
public sealed class TargetSession : IMeteredSession
{
    private const int MostRelays = 64;

    private readonly SocketEnd _socket;
    private readonly IByteEnd _end;
    private readonly SessionGrant _grant;
    private readonly TimeProvider _time;
    private readonly long _openedAt;
    private string[] _relays = []; // replaced, never changed
    private long _lastSeen;
    private long _lastMoved;
    private long _bytesSeen;
    private int _ended;

    /// <summary>Takes over the connected socket, and the place among its caller's sessions.</summary>
    public TargetSession(Opening opening, Admitted admitted, SessionLimits limits, TimeProvider time, StreamBudget? budget = null)
    {
        (Opening, _grant, _time) = (opening, admitted.Grant, time);
        _socket = new SocketEnd(admitted.Socket);
        _end = _grant is { Up: null, Down: null } ? _socket : new ShapedEnd(_socket, _grant.Up, _grant.Down);
        End = new SessionEnd(new SendingHalf(_end, limits.Window, budget), new ReceivingHalf(_end, limits.Window, budget));
        _openedAt = _lastSeen = _lastMoved = time.GetTimestamp();
    }

    /// <summary>What was asked for, by whom, and what was decided on it.</summary>
    public Opening Opening { get; }

    /// <summary>The session's id.</summary>
    public SessionId Id => Opening.Session;

    /// <summary>What it is connected to.</summary>
    public TargetAddress Target => Opening.Target;

    /// <summary>Who has opened it.</summary>
    public Caller Caller => Opening.Caller;

    /// <summary>The address of the agent that has opened it, as the relay saw it; null where it is not known.</summary>
    public string? Agent => Opening.Agent;

    /// <summary>The rule that has allowed it.</summary>
    public string Rule => _grant.Rule;

    /// <summary>The byte machine.</summary>
    public SessionEnd End { get; }

    /// <summary>The span that covers the session's life at this connector, if it is traced.</summary>
    public Activity? Trace { get; init; }

    /// <summary>The address from which the target sees the connection come.</summary>
    public string Source => _socket.LocalEndPoint?.ToString() ?? "";

    /// <summary>The address at which the target was dialled.</summary>
    public string Address => _socket.RemoteEndPoint?.ToString() ?? "";

    /// <summary>The relays that have carried requests of the session.</summary>
    public IEnumerable<string> Relays => Volatile.Read(ref _relays).Order(StringComparer.Ordinal);

    /// <inheritdoc/>
    public long BytesUp => End.Receiving.Next;

    /// <inheritdoc/>
    public long BytesDown => End.Sending.Acknowledged;

    /// <inheritdoc/>
    public long BytesResent => End.Sending.Resent;

    /// <summary>Time since the session was opened.</summary>
    public TimeSpan Age => _time.GetElapsedTime(_openedAt);

    /// <summary>Time since the last request began or ended.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _lastSeen));

    /// <summary>How long its rule lets it last; null: as long as it likes.</summary>
    public TimeSpan? Lifetime => _grant.Lifetime;

    /// <summary>Whether the session has ended.</summary>
    public bool Ended => Volatile.Read(ref _ended) == 1;

    /// <summary>A request of the session has come, or has been answered.</summary>
    public void Touch(string? relay = null)
    {
        Volatile.Write(ref _lastSeen, _time.GetTimestamp());
        string[] known = Volatile.Read(ref _relays);
        while (!string.IsNullOrEmpty(relay) && known.Length < MostRelays && !known.Contains(relay))
        {
            string[] before = Interlocked.CompareExchange(ref _relays, [.. known, relay], known);
            known = before == known ? _relays : before;
        }
    }

    /// <summary>Time since bytes moved in either direction, as far as the last calls of this method saw.</summary>
    public TimeSpan Idleness()
    {
        long bytes = BytesUp + BytesDown;
        if (bytes != _bytesSeen)
        {
            _bytesSeen = bytes;
            _lastMoved = _time.GetTimestamp();
        }

        return _time.GetElapsedTime(_lastMoved);
    }

    /// <summary>Lets go of the socket: closed in order where both directions have ended, else with a reset.</summary>
    /// <returns>False if it had been let go of before.</returns>
    internal bool Close()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 1)
        {
            return false;
        }

        bool complete = End.Receiving.Finished && End.Sending.Fin is not null;
        End.Dispose();
        if (complete)
        {
            _end.Dispose();
        }
        else
        {
            _end.Reset();
        }

        _grant.Dispose();
        Trace?.Dispose();
        return true;
    }
}
