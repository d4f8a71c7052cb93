namespace TunnelAspire.Http.Cluster;

/// <summary>Configuration section <c>Cluster</c>: what relays and connectors of one installation know each other by.</summary>
public sealed class ClusterOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Cluster";

    /// <summary>The key that all of them share, of at least 32 characters; several, with commas or white space between, while one replaces another: the first one signs, each is accepted.</summary>
    public string Key { get; set; } = "";

    /// <summary>File with the key or keys. Read again when it changes.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>Without a key: whoever reaches a connector is taken for a relay, from other machines too.</summary>
    public bool Open { get; set; }

    /// <summary>Whether there is a key.</summary>
    public bool IsSet => Key.Length + KeyFile.Length > 0;
}
