using System.Collections.Concurrent;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Sessions;

/// <summary>How a session ended in order: where both of its streams did.</summary>
/// <param name="Ack">The end of the client's stream.</param>
/// <param name="Fin">The end of the target's stream.</param>
public readonly record struct Completion(long Ack, long Fin);

/// <summary>
/// The sessions that lately ended in order, at the last acknowledgement. The answer that said so may have been lost: its repeat must
/// not look like a session that broke.
/// </summary>
public sealed class CompletedSessions(TimeProvider time)
{
    private const int Most = 100_000;
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<SessionId, Completion> _completions = new();
    private readonly ConcurrentQueue<(SessionId Session, long At)> _order = new();

    /// <summary>Remembers one, and forgets those that are too old, or too many.</summary>
    public void Add(SessionId session, Completion completion)
    {
        _completions[session] = completion;
        _order.Enqueue((session, time.GetTimestamp()));
        while (_order.TryPeek(out (SessionId Session, long At) oldest) &&
            (_order.Count > Most || time.GetElapsedTime(oldest.At) > Kept) &&
            _order.TryDequeue(out oldest))
        {
            _completions.TryRemove(oldest.Session, out _);
        }
    }

    /// <summary>How the session ended; null if it did otherwise, or too long ago.</summary>
    public Completion? Find(SessionId session) => _completions.TryGetValue(session, out Completion completion) ? completion : null;
}
