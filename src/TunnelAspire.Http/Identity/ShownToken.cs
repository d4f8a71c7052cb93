namespace TunnelAspire.Http.Identity;

/// <summary>A feature of requests that have shown the token of the session in their path: the relay that found it so hands them over in the same process.</summary>
public sealed class ShownToken
{
    /// <summary>The one there is.</summary>
    public static ShownToken Instance { get; } = new();
}
