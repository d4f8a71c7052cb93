using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>An nginx that serves a folder on this machine, with and without TLS.</summary>
public sealed class WebServer : IAsyncDisposable
{
    private readonly Scratch _scratch = new();
    private ChildProcess _nginx = null!;

    private WebServer()
    {
    }

    /// <summary>What it serves.</summary>
    public string Folder => _scratch.File("served");

    public int Port { get; } = Loopback.FreePort();

    public int TlsPort { get; } = Loopback.FreePort();

    /// <summary>File with the certificate, which names 127.0.0.1 and which nobody else has signed.</summary>
    public string Certificate => _scratch.File("certificate.pem");

    public static async Task<WebServer> StartAsync()
    {
        WebServer server = new();
        Directory.CreateDirectory(server.Folder);
        server.WriteCertificate();
        string settings = server._scratch.Write("nginx.conf", $$"""
            daemon off;
            pid {{server._scratch.File("nginx.pid")}};
            error_log stderr notice;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            events { }
            http {
                access_log off;
                types { text/html html; text/javascript js; }
                server {
                    listen 127.0.0.1:{{server.Port}};
                    listen 127.0.0.1:{{server.TlsPort}} ssl;
                    ssl_certificate {{server.Certificate}};
                    ssl_certificate_key {{server._scratch.File("key.pem")}};
                    root {{server.Folder}};
                }
            }
            """);
        server._nginx = ChildProcess.Start("nginx", ["-c", settings]);
        await server._nginx.LineAsync("start worker process");
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _nginx.DisposeAsync();
        _scratch.Dispose();
    }

    private void WriteCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(7));
        _scratch.Write("certificate.pem", certificate.ExportCertificatePem());
        _scratch.Write("key.pem", key.ExportPkcs8PrivateKeyPem());
    }
}
