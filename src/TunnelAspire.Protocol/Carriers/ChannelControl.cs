namespace TunnelAspire.Protocol.Carriers;

/// <summary>What a direction's settings are now. Whoever watches the path may change them at any time; the next message goes by them.</summary>
public sealed class ChannelControl(ChannelSettings initial)
{
    private ChannelSettings _current = initial;

    /// <summary>The settings of the next message.</summary>
    public ChannelSettings Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}
