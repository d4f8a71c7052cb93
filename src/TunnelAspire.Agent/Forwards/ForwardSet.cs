using System.Net;
using TunnelAspire.Agent.WaysIn;

namespace TunnelAspire.Agent.Forwards;

/// <summary>What has come of a change of the ways in.</summary>
/// <param name="Opened">Those that take connections now.</param>
/// <param name="Changed">Those that lead elsewhere from now on.</param>
/// <param name="Closed">Those that take no more; their sessions go on.</param>
internal sealed record ForwardChanges(IReadOnlyList<Reception> Opened, IReadOnlyList<Reception> Changed, IReadOnlyList<Reception> Closed);

/// <summary>The ways in that are open, and those that are closed but have sessions left.</summary>
/// <param name="receive">Begins to take a listener's connections.</param>
internal sealed class ForwardSet(Func<ForwardListener, Reception> receive)
{
    // Guards the two lists.
    private readonly Lock _lock = new();
    private List<Reception> _open = [];
    private List<Reception> _closing = [];

    /// <summary>Those that take connections, in the order of the settings.</summary>
    public IReadOnlyList<Reception> Open
    {
        get { lock (_lock) { return [.. _open]; } }
    }

    /// <summary>Those that take no more, and have clients left.</summary>
    public IReadOnlyList<Reception> Closing
    {
        get
        {
            lock (_lock)
            {
                _closing = [.. _closing.Where(reception => reception.Clients > 0)];
                return [.. _closing];
            }
        }
    }

    /// <summary>Goes over to these plans, or changes nothing.</summary>
    /// <exception cref="IOException">One of them cannot be listened on.</exception>
    public ForwardChanges Apply(IReadOnlyList<ForwardPlan> plans)
    {
        lock (_lock)
        {
            Dictionary<string, Reception> stay = _open.Where(reception => plans.Any(plan => plan.Key == Key(reception))).ToDictionary(Key);
            List<Reception> closed = [.. _open.Where(reception => !stay.ContainsKey(Key(reception)))];
            Dictionary<string, Reception> opened = Exchange_NeedsLock([.. plans.Where(plan => !stay.ContainsKey(plan.Key))], closed).ToDictionary(Key);
            List<Reception> changed = [];
            foreach (ForwardPlan plan in plans.Where(plan => stay.ContainsKey(plan.Key)))
            {
                Reception reception = stay[plan.Key];
                if (reception.Listener.Plan.Describe(plan.Listen) != plan.Describe(plan.Listen))
                {
                    changed.Add(reception);
                }

                reception.Change(plan);
            }

            _open = [.. plans.Select(plan => opened.TryGetValue(plan.Key, out Reception? found) ? found : stay[plan.Key])];
            return new ForwardChanges([.. opened.Values], changed, closed);
        }
    }

    /// <summary>Opens the new ones and closes the old ones, in this order; in the other where an old one stands in a new one's way (<c>127.0.0.1:80</c>, <c>*:80</c>).</summary>
    private List<Reception> Exchange_NeedsLock(IReadOnlyList<ForwardPlan> plans, List<Reception> old)
    {
        try
        {
            List<Reception> opened = Begin(plans);
            Close_NeedsLock(old);
            return opened;
        }
        catch (IOException) when (old.Exists(reception => plans.Any(plan => Clash(plan.Listen, reception.Listen))))
        {
            Close_NeedsLock(old);
            try
            {
                return Begin(plans);
            }
            catch (IOException)
            {
                Dictionary<Reception, Reception> again = old.Zip(Begin([.. old.Select(reception => reception.Listener.Plan with { Listen = reception.Listen })])).ToDictionary(pair => pair.First, pair => pair.Second);
                _open = [.. _open.Select(reception => again.GetValueOrDefault(reception, reception))];
                throw;
            }
        }
    }

    private static bool Clash(EndPoint one, EndPoint other) => one is IPEndPoint { Port: var port } && other is IPEndPoint { Port: var taken } && port == taken;

    private List<Reception> Begin(IReadOnlyList<ForwardPlan> plans) => [.. ForwardListener.OpenAll(plans).Select(receive)];

    private void Close_NeedsLock(List<Reception> old)
    {
        old.ForEach(reception => reception.Dispose());
        _closing.AddRange(old);
    }

    /// <summary>Takes no more connections anywhere.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _open.ForEach(reception => reception.Dispose());
        }
    }

    /// <summary>When all clients that have come in are gone.</summary>
    public Task EmptyAsync()
    {
        lock (_lock)
        {
            return Task.WhenAll(_open.Concat(_closing).Select(reception => reception.EmptyAsync()));
        }
    }

    private static string Key(Reception reception) => reception.Listener.Plan.Key;
}
