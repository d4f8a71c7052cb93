using System.Globalization;
using TunnelAspire.AppHost;

// The map of the whole system: a client's bytes go agent → relay → connector → target; Redis says which connector holds which session.
// It is written against Aspire.Hosting; AppHost.Aspire.cs and AppHost.Embedded.cs hold what only one of the two engines has.

IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(args);
builder.AddDeployment();

Trust trust = new(builder);
IResourceBuilder<IResourceWithConnectionString> redis = builder.AddRoutingStore(out IResourceBuilder<IResource> store);

// A connector is found by its own address, so each is a resource, not a replica. Here they reach the sample; deployed, what the operator allows.
IResourceBuilder<ParameterResource>? allowed = builder.ExecutionContext.IsPublishMode ? builder.AddParameter("allow") : null;
IResourceBuilder<ProjectResource>[] connectors = [AddConnector("connector-0"), AddConnector("connector-1")];

IResourceBuilder<ProjectResource> relay = builder.AddProject<Projects.TunnelAspire_Relay>("relay", launchProfileName: null)
    .WithReplicas(2)
    .WithHttpEndpoint()
    .WithExternalHttpEndpoints()
    .WithReadiness()
    .WithReference(redis)
    .DeployAsRelay();
trust.Guard(relay);
Array.ForEach(connectors, connector => relay.WaitFor(connector));

if (builder.ExecutionContext.IsRunMode)
{
    AddSample();
}

builder.Build().Run();

IResourceBuilder<ProjectResource> AddConnector(string name)
{
    IResourceBuilder<ProjectResource> connector = builder.AddProject<Projects.TunnelAspire_Connector>(name, launchProfileName: null)
        .WithHttpEndpoint()
        .WithReadiness()
        .WithReference(redis)
        .WaitFor(store)
        .WithEnvironment("Connector__Name", name)
        .DeployAsConnector();
    trust.Join(connector).WithEnvironment("Connector__AdvertisedUrl", connector.GetEndpoint("http"));
    return allowed is null
        ? connector.WithEnvironment("Connector__DrainSeconds", "2")
        : connector.WithEnvironment("Connector__Allow__0", allowed);
}

// Something to see: a page that names the connector and the relays that carried it. Where the system is deployed, agents run at its users'.
void AddSample()
{
    IResourceBuilder<ProjectResource> sample = builder.AddProject<Projects.TunnelAspire_SampleTarget>("sample", launchProfileName: null)
        .WithHttpEndpoint()
        .WithReadiness();
    trust.Show(sample);
    EndpointReferenceExpression samplePort = sample.GetEndpoint("http").Property(EndpointProperty.Port);
    foreach (IResourceBuilder<ProjectResource> connector in connectors)
    {
        connector.WithEnvironment("Connector__Allow__0", $"localhost:{samplePort}");
        sample.WithReference(connector);
    }

    int port = LocalPort();
    string bind = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
    trust.Introduce(builder.AddProject<Projects.TunnelAspire_Agent>("agent", launchProfileName: null))
        .WithArgs("connect")
        .WithEndpoint(port: port, targetPort: port, scheme: "http", name: "sample", env: "SAMPLE_PORT", isProxied: false)
        .WithUrlForEndpoint("sample", url => url.DisplayText = "the sample page, through the tunnel")
        .WithEnvironment("Agent__Server", relay.GetEndpoint("http"))
        .WithEnvironment("Agent__Forwards__0", $"{bind}:localhost:{samplePort}")
        .WaitFor(relay)
        .WaitFor(sample);
}

int LocalPort()
{
    string text = builder.Configuration["Parameters:port"] ?? "8080";
    builder.AddParameter("port", text);
    return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536
        ? port
        : throw new DistributedApplicationException($"Parameters:port is '{text}', which is not a port (1 to 65535).");
}
