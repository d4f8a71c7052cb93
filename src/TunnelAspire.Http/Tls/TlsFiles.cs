using TunnelAspire.Protocol.Tls;

namespace TunnelAspire.Http.Tls;

/// <summary>The texts of the files that <see cref="TlsOptions"/> names. Equal texts are equal files: a change is one of content, however it was made.</summary>
/// <param name="Identity">What the server presents.</param>
/// <param name="ClientCa">The authorities of clients; null where none is required.</param>
internal sealed record TlsFiles(PemIdentity Identity, string? ClientCa)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">One cannot be read; the message names it.</exception>
    public static TlsFiles Read(TlsOptions options) =>
        new(PemIdentity.Read(options.Certificate, options.Key), options.ClientCa.Length > 0 ? PemFile.Read(options.ClientCa) : null);
}
