namespace TunnelAspire.Protocol.Wire;

/// <summary>Media types of bodies that carry TCP bytes (claims 8, 9, 17, 18, 26, 27).</summary>
public static class TunnelMediaTypes
{
    /// <summary>The protocol's own media type.</summary>
    public const string BinaryTcp = "binary/tcp";

    /// <summary>The substitute for filters that refuse <see cref="BinaryTcp"/>.</summary>
    public const string OctetStream = "application/octet-stream";

    /// <summary>Errors are problem details (RFC 9457).</summary>
    public const string Problem = "application/problem+json";
}
