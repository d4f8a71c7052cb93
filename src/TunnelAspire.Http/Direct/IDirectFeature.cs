namespace TunnelAspire.Http.Direct;

/// <summary>The connection of a request that is served past the web server.</summary>
public interface IDirectFeature
{
    /// <summary>It is a lane: one of many in a connection.</summary>
    bool IsLane { get; }

    /// <summary>The next request is to take another connection. Those under way go on.</summary>
    void TakeNoMore();
}
