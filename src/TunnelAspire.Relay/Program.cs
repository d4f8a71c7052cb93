using TunnelAspire.Http;
using TunnelAspire.Relay;
using TunnelAspire.Routing;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddRouting();
builder.AddRelay();

await using WebApplication app = builder.Build();
app.UseMiddleware<TunnelErrorMiddleware>();
app.MapDefaultEndpoints();
app.MapRelay();
return await app.RunOrExplainAsync();
