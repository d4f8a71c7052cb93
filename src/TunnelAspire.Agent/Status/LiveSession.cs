namespace TunnelAspire.Agent.Status;

/// <summary>An open session as it is shown: who, where to, and how fast. Rates are those between the last two looks at it.</summary>
/// <param name="bytes">What it has carried.</param>
/// <param name="opened">When it was opened, as a timestamp of the clock.</param>
internal sealed class LiveSession(IShownSession bytes, long opened)
{
    /// <summary>The first characters of its id, as in logs.</summary>
    public required string Id { get; init; }

    /// <summary>Who has asked for it.</summary>
    public required string Client { get; init; }

    /// <summary>Where it leads.</summary>
    public required string Target { get; init; }

    /// <summary>The connector that holds the target's socket.</summary>
    public required string Connector { get; init; }

    /// <summary>The name of the forward by which it came; empty where it has none.</summary>
    public required string Forward { get; init; }

    /// <summary>When it was opened, as a timestamp of the clock.</summary>
    public long Opened => opened;

    /// <summary>What it has carried.</summary>
    public IShownSession Bytes => bytes;

    /// <summary>Bytes a second, up.</summary>
    public double RateUp { get; private set; }

    /// <summary>Bytes a second, down.</summary>
    public double RateDown { get; private set; }

    private (long Up, long Down) _last;

    /// <summary>Reckons the rates since the last look.</summary>
    /// <param name="since">Time since the last look at all sessions.</param>
    /// <param name="age">The session's age: it may be younger than that.</param>
    public void Sample(TimeSpan since, TimeSpan age)
    {
        double seconds = Math.Max(Math.Min(since.TotalSeconds, age.TotalSeconds), 0.001);
        (long up, long down) = (bytes.BytesSent, bytes.BytesDown);
        (RateUp, RateDown) = ((up - _last.Up) / seconds, (down - _last.Down) / seconds);
        _last = (up, down);
    }
}
