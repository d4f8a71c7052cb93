using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Agent.Http;

namespace TunnelAspire.Agent.Doctor;

/// <summary>The TLS connection to the server, as the agent makes it.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="Cipher">The cipher suite.</param>
/// <param name="Subject">Whom the certificate is for.</param>
/// <param name="Issuer">Who issued it.</param>
/// <param name="Root">The certificate on which the chain ends, as far as this system could build it.</param>
/// <param name="Expires">When it expires.</param>
/// <param name="Trusted">Whether the agent accepts it.</param>
/// <param name="Problems">Why not.</param>
internal sealed record TlsFinding(
    string Version, string Cipher, string Subject, string Issuer, string Root, DateTimeOffset Expires, bool Trusted, IReadOnlyList<string> Problems) : IFinding
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    /// <inheritdoc/>
    public IEnumerable<Line> Lines()
    {
        yield return new(Mark.Good, "TLS", $"{Version}, {Cipher}");
        yield return Line.Of(
            Expires > TimeProvider.System.GetUtcNow() + Soon,
            "Certificate",
            string.Create(CultureInfo.InvariantCulture, $"{Subject}, issued by {Issuer}, until {Expires:yyyy-MM-dd}"));
        yield return Trusted
            ? new(Mark.Good, "Trust", $"verified; the chain ends on {Root}, which this system trusts. Whoever owns that can read along: if it is not the CA you expect, TLS is intercepted")
            : new(Mark.Bad, "Trust", string.Join("; ", Problems));
    }
}

/// <summary>Examination 3: whose certificate is it, and does the agent accept it?</summary>
internal static class TlsExamination
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Makes the agent's TLS connection, through its proxy if it has one, and looks on.</summary>
    /// <returns>What was found, trusted or not.</returns>
    /// <exception cref="DoctorException">There is no TLS.</exception>
    public static async Task<TlsFinding> RunAsync(AgentOptions options, CancellationToken cancellationToken)
    {
        Uri server = options.ParseServer();
        TlsFinding? seen = null;
        SocketsHttpHandler handler = TunnelServer.Handler(options);
        RemoteCertificateValidationCallback? verify = handler.SslOptions.RemoteCertificateValidationCallback;
        handler.SslOptions.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
        {
            bool trusted = verify?.Invoke(sender, certificate, chain, errors) ?? errors == SslPolicyErrors.None;
            seen = certificate is null ? null : Look((SslStream)sender, (X509Certificate2)certificate, chain, errors, trusted);
            return trusted;
        };

        using HttpMessageInvoker client = new(handler);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Head, server);
            request.Headers.Host = options.Host.Length > 0 ? options.Host : null; // the name that TLS asks for, too
            using HttpResponseMessage answer = await client.SendAsync(request, limit.Token);
        }
        catch (HttpRequestException e) when (seen is null)
        {
            throw Failures.Lost(e);
        }
        catch (HttpRequestException)
        {
            // The certificate was seen; what came after it is another examination's.
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // The limit.
            if (seen is null)
            {
                throw new DoctorException($"{server.Authority} accepts connections, but begins no TLS", "Check that the port speaks https; a firewall may hold back what looks like TLS.", e);
            }
        }

        return seen ?? throw new DoctorException($"{server.Authority} shows no certificate", "Check that the port speaks https.");
    }

    private static TlsFinding Look(SslStream stream, X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors, bool trusted) => new(
        stream.SslProtocol.ToString().Replace("Tls1", "TLS 1.", StringComparison.Ordinal),
        stream.NegotiatedCipherSuite.ToString(),
        certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false),
        certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true),
        chain?.ChainElements.LastOrDefault()?.Certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) ?? "",
        new DateTimeOffset(certificate.NotAfter.ToUniversalTime()),
        trusted,
        trusted ? [] : [.. Problems(stream, certificate, chain, errors)]);

    private static IEnumerable<string> Problems(SslStream stream, X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            yield return $"the certificate is not for {stream.TargetHostName}";
        }

        foreach (X509ChainStatus status in chain?.ChainStatus ?? [])
        {
            yield return status.Status switch
            {
                X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain =>
                    certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)
                        ? "it is signed by itself, and this system does not know it"
                        : $"this system does not know its issuer, {certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true)}",
                X509ChainStatusFlags.NotTimeValid => "it has expired, or is not valid yet",
                _ => status.StatusInformation.Trim(),
            };
        }
    }
}
