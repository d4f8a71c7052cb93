using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>The one table of what a client is told when its session cannot be opened, in the words of SOCKS5 (RFC 1928 §6) and of HTTP.</summary>
internal static class FailureWords
{
    /// <summary>General failure.</summary>
    public const byte SocksFailure = 1;

    /// <summary>Command not supported.</summary>
    public const byte SocksCommandNotSupported = 7;

    /// <summary>Address type not supported.</summary>
    public const byte SocksAddressNotSupported = 8;

    /// <summary>The reply code of SOCKS5.</summary>
    public static byte Socks5(Exception failure) => For(failure).Socks5;

    /// <summary>The HTTP status.</summary>
    public static int HttpStatus(Exception failure) => For(failure).Http;

    private static (byte Socks5, int Http) For(Exception failure) => failure switch
    {
        TunnelException { InnerException: TunnelException last } => For(last), // given up: the last failure is what matters
        TunnelException { InnerException: not null } => (SocksFailure, 504), // given up: nothing was heard from the tunnel
        TunnelException refusal => For(refusal.Error),
        _ => (SocksFailure, 502),
    };

    private static (byte Socks5, int Http) For(TunnelError error) => error switch
    {
        TunnelError.ForbiddenTarget => (2, 403), // not allowed by the rules
        TunnelError.Unauthenticated => (2, 403),
        TunnelError.TargetUnreachable => (3, 502), // network unreachable
        TunnelError.TargetNotResolved => (4, 502), // host unreachable
        TunnelError.TargetRefused => (5, 502), // connection refused
        TunnelError.TargetTimedOut => (6, 504), // time to live expired
        _ => (SocksFailure, 502),
    };
}
