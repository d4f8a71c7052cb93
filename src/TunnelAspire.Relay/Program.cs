using TunnelAspire.Http;
using TunnelAspire.Relay;
using TunnelAspire.Routing;

return await HostStart.RunAsync(
    args,
    builder =>
    {
        builder.AddRouting();
        builder.AddRelay();
    },
    app => app.MapRelay());
