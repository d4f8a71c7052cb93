using TunnelAspire.Protocol.Metering;

namespace TunnelAspire.Agent.Status;

/// <summary>A session's bytes as they are shown. What has been sent counts: a stream is acknowledged only now and then, and would seem to stand still.</summary>
internal interface IShownSession : IMeteredSession
{
    /// <summary>Bytes of the client that have been sent, each counted once.</summary>
    long BytesSent { get; }
}
