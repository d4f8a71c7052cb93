using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>
/// Gives every endpoint its ports before anything starts, so that all environment variables are known at once.
/// Ports are held until all are chosen, so that no two are the same; dispose to let the processes have them.
/// </summary>
internal sealed class Ports(IReadOnlyList<IResource> resources) : IDisposable
{
    private readonly List<Socket> _held = [];

    /// <summary>Sets the ports that others use.</summary>
    /// <exception cref="DistributedApplicationException">A fixed port is in use, or the endpoint cannot be had as described.</exception>
    public void Allocate()
    {
        foreach (ProjectResource project in resources.OfType<ProjectResource>())
        {
            foreach (EndpointAnnotation endpoint in project.Endpoints)
            {
                endpoint.AllocatedPort = FixedPort(project, endpoint) is { } port ? HoldFixed(port, project, endpoint) : Hold(0);
            }
        }
    }

    /// <summary>The ports of one replica: a single process has the endpoints' own; of several, each has others, behind a <see cref="ReplicaProxy"/>.</summary>
    public IReadOnlyDictionary<string, int> ForReplica(ProjectResource project) =>
        project.Endpoints.ToDictionary(endpoint => endpoint.Name, endpoint => project.Replicas == 1 ? endpoint.AllocatedPort!.Value : Hold(0));

    /// <inheritdoc/>
    public void Dispose() => _held.ForEach(socket => socket.Dispose());

    private static int? FixedPort(ProjectResource project, EndpointAnnotation endpoint)
    {
        if (project.Replicas > 1 && (endpoint.TargetPort is not null || !endpoint.IsProxied))
        {
            throw new DistributedApplicationException($"'{project.Name}' has replicas, so its endpoint '{endpoint.Name}' can have neither a fixed target port nor isProxied: false.");
        }

        return endpoint.Port is { } port && endpoint.TargetPort is { } target && port != target
            ? throw new DistributedApplicationException($"The embedded engine puts no proxy before one process: give '{endpoint.Name}' of '{project.Name}' a port or a target port, or both the same.")
            : endpoint.Port ?? endpoint.TargetPort;
    }

    private int HoldFixed(int port, ProjectResource project, EndpointAnnotation endpoint)
    {
        try
        {
            return Hold(port);
        }
        catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
        {
            string reason = e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } ? "is in use" : $"cannot be used ({e.Message})";
            throw new DistributedApplicationException(
                $"The port {port} of '{project.Name}' (endpoint '{endpoint.Name}') {reason}.{HowToChange(port)}", e);
        }
    }

    /// <summary>A port that is the value of a parameter can be changed by it.</summary>
    private string HowToChange(int port)
    {
        string text = port.ToString(CultureInfo.InvariantCulture);
        string? name = resources.OfType<ParameterResource>().FirstOrDefault(parameter => parameter.TextOrNull == text)?.Name;
        return name is null ? "" : $" Choose another: --Parameters:{name}=PORT on the command line, after \"--\", or Parameters__{name}=PORT in the environment.";
    }

    private int Hold(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _held.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen(1);
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
