using TunnelAspire.Http;
using TunnelAspire.Http.Cluster;
using TunnelAspire.Http.Identity;
using TunnelAspire.Relay;
using TunnelAspire.Routing;

return await HostStart.RunAsync(
    args,
    builder =>
    {
        builder.AddRouting();
        builder.AddRelay();
        builder.ConfineWithoutIdentity();
        builder.ConfineWithoutCluster();
    },
    app => app.MapRelay());
