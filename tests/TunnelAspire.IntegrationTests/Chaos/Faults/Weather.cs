namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>What befalls messages now: one kind of fault, with a probability, for a while; else nothing.</summary>
/// <param name="seed">Of the choices; messages that come at the same time make them in the order of the scheduler.</param>
/// <param name="ledger">Where faults are counted.</param>
internal sealed class Weather(int seed, Ledger ledger)
{
    private readonly Lock _lock = new();
#pragma warning disable RS0030 // the seed is printed
    private readonly Random _random = new(seed);
#pragma warning restore RS0030
    private (HttpFault Fault, double Probability) _now;

    /// <summary>From now on.</summary>
    public void Turn(HttpFault fault, double probability)
    {
        lock (_lock)
        {
            _now = (fault, probability);
        }
    }

    /// <summary>Nothing befalls messages from now on.</summary>
    public void Clear() => Turn(HttpFault.None, 0);

    /// <summary>What befalls the next message.</summary>
    public HttpFault Next()
    {
        lock (_lock)
        {
            return _random.NextDouble() < _now.Probability ? _now.Fault : HttpFault.None;
        }
    }

    public int Below(int limit)
    {
        lock (_lock)
        {
            return _random.Next(Math.Max(1, limit));
        }
    }

    /// <summary>A fault has really happened.</summary>
    public void Happened(HttpFault fault) => ledger.Add($"http {fault}");
}
