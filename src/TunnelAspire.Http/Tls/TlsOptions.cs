namespace TunnelAspire.Http.Tls;

/// <summary>Configuration section <c>Tls</c>: what a server presents and requires on its https:// addresses.</summary>
public sealed class TlsOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Tls";

    /// <summary>PEM file with the server's certificate, followed by those between it and its root. Read again when it changes.</summary>
    public string Certificate { get; set; } = "";

    /// <summary>PEM file with the certificate's private key, without a password. Read again when it changes.</summary>
    public string Key { get; set; } = "";

    /// <summary>PEM file with the authorities of which clients must present a certificate. Default: none is asked for. Read again when it changes.</summary>
    public string ClientCa { get; set; } = "";

    /// <summary>Whether the section says anything.</summary>
    public bool IsSet => Certificate.Length + Key.Length + ClientCa.Length > 0;

    /// <summary>Whether what it says belongs together.</summary>
    public bool IsWhole => !IsSet || (Certificate.Length > 0 && Key.Length > 0);
}
