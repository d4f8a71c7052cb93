using System.Globalization;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.CommandLine;

/// <summary>nginx with the settings that Debian gives it, and one server of the test's.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private readonly Scratch _scratch = new();
    private readonly int _port = Loopback.FreePort();
    private ChildProcess _child = null!;

    private Nginx()
    {
    }

    /// <summary>URL of the server.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Starts it, and waits until it accepts connections.</summary>
    /// <param name="server">Lines for the server's block.</param>
    /// <param name="certificate">File with a certificate and its key: then it speaks TLS.</param>
    public static async Task<Nginx> StartAsync(string server, string? certificate = null)
    {
        Nginx nginx = new();
        await nginx.RunAsync(server, certificate);
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        _child.Signal(ChildProcess.SigTerm);
        await _child.ExitAsync(TimeSpan.FromSeconds(10));
        await _child.DisposeAsync();
        _scratch.Dispose();
    }

    private Task RunAsync(string server, string? certificate)
    {
        Url = string.Create(CultureInfo.InvariantCulture, $"{(certificate is null ? "http" : "https")}://localhost:{_port}");
        string tls = certificate is null ? "" : $"ssl_certificate {certificate}; ssl_certificate_key {certificate};";
        _child = ChildProcess.Start("nginx", ["-c", _scratch.Write("nginx.conf", $$"""
            daemon off;
            pid {{_scratch.File("nginx.pid")}};
            error_log stderr warn;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            events { }
            http {
                access_log off;
                client_body_temp_path {{_scratch.File("client_body")}};
                proxy_temp_path {{_scratch.File("proxy")}};
                fastcgi_temp_path {{_scratch.File("fastcgi")}};
                uwsgi_temp_path {{_scratch.File("uwsgi")}};
                scgi_temp_path {{_scratch.File("scgi")}};
                sendfile on;
                tcp_nopush on;
                gzip on;
                include /etc/nginx/mime.types;
                default_type application/octet-stream;
                server { listen 127.0.0.1:{{_port}}{{(certificate is null ? "" : " ssl")}}; {{tls}} {{server}} }
            }
            """)]);
        return Loopback.AcceptsAsync(_port, "nginx");
    }
}
