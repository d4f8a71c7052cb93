using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>
/// Asks a replica whether it is ready: its HTTP health check where it has one; else all its ports must take connections;
/// without ports it is ready once it runs.
/// </summary>
internal sealed class Readiness(ProjectResource project, IReadOnlyDictionary<string, int> targetPorts)
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // No proxy of the environment stands between the AppHost and its children.
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = Patience };

    /// <summary>What was wrong when it was asked last.</summary>
    public string LastAnswer { get; private set; } = "not asked yet";

    /// <summary>Returns when it is ready.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (!await AskAsync(cancellationToken))
        {
            await Task.Delay(Between, cancellationToken);
        }
    }

    private async Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            return project.HealthCheck is { } check ? await AskHttpAsync(check, cancellationToken) : await ConnectAsync(cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException)
        {
            LastAnswer = e.GetBaseException().Message;
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LastAnswer = $"no answer within {Patience.TotalSeconds:0} s"; // the client's time-out
            return false;
        }
    }

    private async Task<bool> AskHttpAsync(HttpHealthCheck check, CancellationToken cancellationToken)
    {
        string url = $"http://127.0.0.1:{targetPorts[check.EndpointName]}{check.Path}";
        using HttpResponseMessage answer = await Client.GetAsync(new Uri(url), cancellationToken);
        LastAnswer = $"GET {url} answers {(int)answer.StatusCode}";
        return (int)answer.StatusCode == check.Status;
    }

    private async Task<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        foreach (int port in targetPorts.Values)
        {
            LastAnswer = $"port {port} takes no connection";
            using TcpClient client = new(AddressFamily.InterNetwork);
            await client.ConnectAsync("127.0.0.1", port, cancellationToken);
        }

        return true;
    }
}
