namespace TunnelAspire.Protocol.Carriers;

/// <summary>What kept an exchange from being answered by the second component.</summary>
public enum CarrierFault
{
    /// <summary>The connection failed, or the answer broke off, or none came in time.</summary>
    Lost,

    /// <summary>Somebody in between answered: a gateway's error, a block page, a cached answer.</summary>
    Foreign,

    /// <summary>The message is larger than the path lets through; smaller ones may pass.</summary>
    TooLarge,

    /// <summary>
    /// The path lets no request pass until somebody changes something: a proxy wants a login, forbids the way or is not there; a
    /// certificate is not trusted. A session waits for that as for anything else; opening one fails at once.
    /// </summary>
    Barred,
}

/// <summary>An exchange failed; nothing is known about whether the second component saw the request. It may be repeated.</summary>
public sealed class CarrierException(CarrierFault fault, string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>What happened.</summary>
    public CarrierFault Fault { get; } = fault;

    /// <summary>The connection was that of other exchanges as well: how long this one was quiet has nothing to do with its end.</summary>
    public bool IsShared { get; set; }
}
