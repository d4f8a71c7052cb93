using System.Collections.Concurrent;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Sessions;

/// <summary>How a session ended in order: where both of its streams did.</summary>
/// <param name="Ack">The end of the client's stream.</param>
/// <param name="Fin">The end of the target's stream.</param>
public readonly record struct Completion(long Ack, long Fin);

/// <summary>What is remembered of a session's end.</summary>
/// <param name="Completion">Where its streams ended, if it ended in order at the last acknowledgement.</param>
/// <param name="Lifetime">How long it could last, if it ended because that was over.</param>
public readonly record struct Ending(Completion? Completion, TimeSpan? Lifetime);

/// <summary>
/// The sessions that lately ended. An open that was under way for long, or is repeated on the way, must not open one of them again:
/// it would bring its bytes to the target a second time. And where the answer that told the agent of the end was lost, its repeat
/// must not look like a session that broke.
/// </summary>
public sealed class EndedSessions(TimeProvider time)
{
    private const int Most = 100_000;
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<SessionId, Ending> _endings = new();
    private readonly ConcurrentQueue<(SessionId Session, long At)> _order = new();

    /// <summary>Their ids.</summary>
    public IEnumerable<SessionId> Ids => _endings.Select(pair => pair.Key);

    /// <summary>Remembers one, unless it is known, and forgets those that are too old, or too many.</summary>
    public void Add(SessionId session, Ending ending)
    {
        if (_endings.TryAdd(session, ending))
        {
            _order.Enqueue((session, time.GetTimestamp()));
        }

        while (_order.TryPeek(out (SessionId Session, long At) oldest) &&
            (_order.Count > Most || time.GetElapsedTime(oldest.At) > Kept) &&
            _order.TryDequeue(out oldest))
        {
            _endings.TryRemove(oldest.Session, out _);
        }
    }

    /// <summary>How the session ended; null if it has not, or too long ago.</summary>
    public Ending? Find(SessionId session) => _endings.TryGetValue(session, out Ending ending) ? ending : null;
}
