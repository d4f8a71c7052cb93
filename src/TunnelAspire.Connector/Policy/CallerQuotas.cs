using TunnelAspire.Connector.Shaping;
using TunnelAspire.Http.Identity;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Policy;

/// <summary>What callers use at this connector of what rules let them: for each rule and caller the sessions, and the rates that they share.</summary>
public sealed class CallerQuotas(TimeProvider time, LimitMetrics metrics)
{
    private sealed class Use
    {
        public int Sessions;
        public BytePacer? Up;
        public BytePacer? Down;
    }

    // Guards itself and what it holds.
    private readonly Dictionary<(string Rule, string Caller), Use> _uses = [];

    /// <summary>Counts a session that the rule allows the caller.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.TooMany"/>: the caller has its most sessions.</exception>
    public SessionGrant Enter(PolicyRule rule, Caller caller)
    {
        (string, string) key = (rule.Name, caller.Name);
        lock (_uses)
        {
            Use use = _uses.GetValueOrDefault(key) ?? new Use();
            if (use.Sessions >= rule.Terms.MaxSessions)
            {
                metrics.Refused("sessions-caller");
                throw new TunnelException(
                    TunnelError.TooMany, $"{caller.Name} has as many sessions open as rule '{rule.Name}' lets a caller have at one connector: {rule.Terms.MaxSessions}");
            }

            use.Sessions++;
            use.Up = Pacer(use.Up, rule.Terms.BytesPerSecondUp);
            use.Down = Pacer(use.Down, rule.Terms.BytesPerSecondDown);
            _uses[key] = use;
            return new SessionGrant(rule, () => Leave(key, use)) { Up = use.Up, Down = use.Down };
        }
    }

    /// <summary>The one that is shared already; another where a new policy has another rate: what is open keeps its own.</summary>
    private BytePacer? Pacer(BytePacer? shared, long? rate) =>
        rate is null ? null : shared?.BytesPerSecond == rate ? shared : new BytePacer(rate.Value, time);

    private void Leave((string, string) key, Use use)
    {
        lock (_uses)
        {
            if (--use.Sessions == 0)
            {
                _uses.Remove(key);
            }
        }
    }
}

/// <summary>One session's place among its caller's: what was decided at its open holds until it ends.</summary>
/// <param name="rule">The rule that has allowed it.</param>
/// <param name="leave">Gives the place back.</param>
public sealed class SessionGrant(PolicyRule rule, Action leave) : IDisposable
{
    private int _left;

    /// <summary>The rule that has allowed it.</summary>
    public string Rule => rule.Name;

    /// <summary>How long the session may last; null: as long as it likes.</summary>
    public TimeSpan? Lifetime => rule.Terms.Lifetime;

    /// <summary>Paces what goes to the target; null: nothing does.</summary>
    public BytePacer? Up { get; init; }

    /// <summary>Paces what comes from the target.</summary>
    public BytePacer? Down { get; init; }

    /// <summary>Gives the place back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            leave();
        }
    }
}
