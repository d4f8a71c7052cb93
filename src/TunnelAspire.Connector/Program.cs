using TunnelAspire.Connector;
using TunnelAspire.Http;
using TunnelAspire.Http.Cluster;
using TunnelAspire.Routing;

return await HostStart.RunAsync(
    args,
    builder =>
    {
        builder.AddRouting();
        builder.AddConnector();
        builder.ConfineWithoutCluster();
    },
    app => app.MapConnector());
