using System.Globalization;
using Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm;
using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;
using Azure.Provisioning.AppContainers;

namespace TunnelAspire.AppHost;

/// <summary>
/// What only Aspire's engine has: where the system is deployed to (docs/deploy.md). The configuration key <c>Deploy</c> chooses
/// <c>azure</c> (Azure Container Apps, the default), <c>compose</c> or <c>kubernetes</c>.
/// </summary>
internal static class Deployment
{
    private const string Azure = "azure";
    private const string Compose = "compose";
    private const string Kubernetes = "kubernetes";

    /// <summary>The most that Azure Container Apps grants a replica that is told to stop, in seconds.</summary>
    private const int ConnectorGraceSeconds = 600;

    /// <summary>What a stopping relay needs to let the requests under way end, in seconds.</summary>
    private const int RelayGraceSeconds = 60;

    /// <summary>A parked GET is a concurrent request: the default rule, 10, would add a relay for every ten idle sessions.</summary>
    private const int RequestsPerRelay = 2000;

    /// <summary>The environment to publish to; the others are not in the map.</summary>
    public static void AddDeployment(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            Console.WriteLine("Engine: Aspire. The embedded one, which needs no packages: dotnet run --project TunnelAspire.AppHost -p:AppHostEngine=Embedded");
            return;
        }

        switch (Target(builder))
        {
            case Azure:
                builder.AddAzureContainerAppEnvironment("tunnel-environment");
                break;
            case Compose:
                builder.AddDockerComposeEnvironment("compose");
                break;
            default:
                builder.AddKubernetesEnvironment("kubernetes");
                break;
        }
    }

    /// <summary>
    /// Azure Managed Redis on Azure, with access keys, as the services authenticate by connection string; a container elsewhere.
    /// On this machine a container with <c>Redis=container</c>, else none.
    /// </summary>
    public static IResourceBuilder<IResourceWithConnectionString>? AddDeployedRedis(this IDistributedApplicationBuilder builder, string name)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            return builder.Configuration["Redis"] switch
            {
                "container" => builder.AddRedis(name),
                null or "embedded" => null,
                string other => throw new DistributedApplicationException($"Redis is '{other}'; it may be embedded or container."),
            };
        }

        return Target(builder) == Azure ? builder.AddAzureManagedRedis(name).WithAccessKeyAuthentication() : builder.AddRedis(name);
    }

    /// <summary>A secret that is made up once for each environment that the system is deployed to.</summary>
    public static IResourceBuilder<ParameterResource> AddGeneratedSecret(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddParameter(name, new GenerateParameterDefault { MinLength = 44, Special = false }, secret: true);

    /// <summary>Ready to serve where <c>/health</c> answers 200; deployed, also to be started again where <c>/alive</c> does not.</summary>
    public static IResourceBuilder<ProjectResource> WithReadiness(this IResourceBuilder<ProjectResource> service)
    {
        if (service.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            return service.WithHttpHealthCheck("/health", endpointName: "http");
        }

#pragma warning disable ASPIREPROBES001 // probes are for evaluation in Aspire 13
        return service
            .WithHttpProbe(ProbeType.Readiness, "/health", endpointName: "http")
            .WithHttpProbe(ProbeType.Liveness, "/alive", endpointName: "http");
#pragma warning restore ASPIREPROBES001
    }

    /// <summary>One replica, never more and never none: its name is its address. It may take long to stop, so that sessions can end by themselves.</summary>
    public static IResourceBuilder<ProjectResource> DeployAsConnector(this IResourceBuilder<ProjectResource> connector)
    {
        if (connector.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            return connector;
        }

        connector.WithEnvironment("Connector__DrainSeconds", (ConnectorGraceSeconds - 30).ToString(CultureInfo.InvariantCulture));
        return Target(connector.ApplicationBuilder) switch
        {
            Azure => connector.PublishAsAzureContainerApp((_, app) =>
            {
                app.Template.Scale.MinReplicas = 1;
                app.Template.Scale.MaxReplicas = 1;
                app.Template.TerminationGracePeriodSeconds = ConnectorGraceSeconds;
            }),
            Compose => connector.PublishAsDockerComposeService((_, service) =>
            {
                service.Restart = "unless-stopped";
                service.StopGracePeriod = Seconds(ConnectorGraceSeconds);
            }),
            _ => connector.PublishAsKubernetesService(resource => AdvertisePod(Pod(resource, ConnectorGraceSeconds))),
        };
    }

    /// <summary>At least two, more as requests come; any of them may go at any time.</summary>
    public static IResourceBuilder<ProjectResource> DeployAsRelay(this IResourceBuilder<ProjectResource> relay)
    {
        if (relay.ApplicationBuilder.ExecutionContext.IsRunMode)
        {
            return relay;
        }

        return Target(relay.ApplicationBuilder) switch
        {
            Azure => relay.PublishAsAzureContainerApp((_, app) =>
            {
                app.Template.Scale.MinReplicas = 2;
                app.Template.Scale.MaxReplicas = 10;
                app.Template.Scale.Rules.Add(new ContainerAppScaleRule
                {
                    Name = "parked-requests",
                    Http = new ContainerAppHttpScaleRule
                    {
                        Metadata = { ["concurrentRequests"] = RequestsPerRelay.ToString(CultureInfo.InvariantCulture) },
                    },
                });
                app.Template.TerminationGracePeriodSeconds = RelayGraceSeconds;
            }),
            Compose => relay.PublishAsDockerComposeService((_, service) =>
            {
                service.Restart = "unless-stopped";
                service.StopGracePeriod = Seconds(RelayGraceSeconds);
                service.Deploy = new Deploy { Replicas = 2 }; // Compose does not see WithReplicas
            }),
            _ => relay.PublishAsKubernetesService(resource => Pod(resource, RelayGraceSeconds)),
        };
    }

    private static PodSpecV1 Pod(KubernetesResource resource, int graceSeconds)
    {
        PodSpecV1 pod = resource.Workload!.PodTemplate.Spec;
        pod.TerminationGracePeriodSeconds = graceSeconds;
        foreach (ContainerV1 container in pod.Containers)
        {
            // Kubernetes knows the scheme in capitals only.
            container.ReadinessProbe?.HttpGet?.Scheme = "HTTP";
            container.LivenessProbe?.HttpGet?.Scheme = "HTTP";
        }

        return pod;
    }

    /// <summary>
    /// A service leads nobody to a pod that is stopping, so sessions could not drain behind it: relays reach the pod itself.
    /// The later of two runs of one name takes the new sessions.
    /// </summary>
    private static void AdvertisePod(PodSpecV1 pod)
    {
        List<EnvVarV1> environment = pod.Containers[0].Env;
        environment.Add(new EnvVarV1 { Name = "POD_IP", ValueFrom = new EnvVarSourceV1 { FieldRef = new ObjectFieldSelectorV1 { FieldPath = "status.podIP" } } });
        environment.Add(new EnvVarV1 { Name = "Connector__AdvertisedUrl", Value = "http://$(POD_IP):8080" });
    }

    private static string Target(IDistributedApplicationBuilder builder) => (builder.Configuration["Deploy"] ?? Azure) switch
    {
        Azure => Azure,
        Compose => Compose,
        Kubernetes => Kubernetes,
        string other => throw new DistributedApplicationException($"Deploy is '{other}'; it may be {Azure}, {Compose} or {Kubernetes}."),
    };

    private static string Seconds(int seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds}s");
}
