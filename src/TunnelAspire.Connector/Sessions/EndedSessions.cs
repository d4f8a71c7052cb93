using System.Collections.Concurrent;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Sessions;

/// <summary>How a session ended in order: where both of its streams did.</summary>
/// <param name="Ack">The end of the client's stream.</param>
/// <param name="Fin">The end of the target's stream.</param>
public readonly record struct Completion(long Ack, long Fin);

/// <summary>
/// How sessions ended that lately did so in a way that their agents are to know: in order, at the last acknowledgement, or because
/// their lifetime was over. The answer that said so may have been lost: its repeat must not look like a session that broke.
/// </summary>
/// <typeparam name="T">What is remembered of an end.</typeparam>
public sealed class EndedSessions<T>(TimeProvider time)
    where T : struct
{
    private const int Most = 100_000;
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<SessionId, T> _ends = new();
    private readonly ConcurrentQueue<(SessionId Session, long At)> _order = new();

    /// <summary>Remembers one, and forgets those that are too old, or too many.</summary>
    public void Add(SessionId session, T end)
    {
        _ends[session] = end;
        _order.Enqueue((session, time.GetTimestamp()));
        while (_order.TryPeek(out (SessionId Session, long At) oldest) &&
            (_order.Count > Most || time.GetElapsedTime(oldest.At) > Kept) &&
            _order.TryDequeue(out oldest))
        {
            _ends.TryRemove(oldest.Session, out _);
        }
    }

    /// <summary>How the session ended; null if it did otherwise, or too long ago.</summary>
    public T? Find(SessionId session) => _ends.TryGetValue(session, out T end) ? end : null;
}
