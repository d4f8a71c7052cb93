using TunnelAspire.Connector;
using TunnelAspire.Http;
using TunnelAspire.Routing;

return await HostStart.RunAsync(
    args,
    builder =>
    {
        builder.AddRouting();
        builder.AddConnector();
    },
    app => app.MapConnector());
