using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Carriers;

/// <summary>What a direction's settings are now: the path's terms, within the session's limits. The terms may change at any time; the next message goes by them.</summary>
public sealed class ChannelControl
{
    private readonly SessionLimits _limits;
    private readonly Func<PathTerms> _terms;
    private readonly bool _up;
    private Known _known;

    /// <summary>Settings that were made of these terms: made anew only when the terms change.</summary>
    private sealed record Known(PathTerms Terms, ChannelSettings Settings);

    private ChannelControl(SessionLimits limits, Func<PathTerms> terms, bool up)
    {
        (_limits, _terms, _up) = (limits, terms, up);
        _known = Make(terms());
    }

    /// <summary>The settings of the next message.</summary>
    public ChannelSettings Current
    {
        get
        {
            PathTerms terms = _terms();
            Known known = Volatile.Read(ref _known);
            if (!ReferenceEquals(known.Terms, terms))
            {
                Volatile.Write(ref _known, known = Make(terms));
            }

            return known.Settings;
        }
    }

    /// <summary>Most bytes of a message, whatever the mode.</summary>
    public int MostBytes => Math.Min(_limits.MaxBody, _limits.Window);

    /// <summary>Settings of the direction from the client to the target.</summary>
    public static ChannelControl Up(SessionLimits limits, Func<PathTerms> terms) => new(limits, terms, up: true);

    /// <summary>Settings of the direction from the target to the client.</summary>
    public static ChannelControl Down(SessionLimits limits, Func<PathTerms> terms) => new(limits, terms, up: false);

    private Known Make(PathTerms terms)
    {
        ChannelSettings settings = ChannelSettings.For(_up ? terms.Send : terms.Receive, _limits, terms.InFlight);
        return new Known(terms, _up
            ? settings with { MaxBytes = Math.Min(settings.MaxBytes, terms.LargestBody) }
            : settings with { Hold = settings.Hold < terms.Hold ? settings.Hold : terms.Hold });
    }
}
