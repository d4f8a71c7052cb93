using TunnelAspire.Connector;
using TunnelAspire.Http;
using TunnelAspire.Routing;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddRouting();
builder.AddConnector();

await using WebApplication app = builder.Build();
app.UseMiddleware<TunnelErrorMiddleware>();
app.MapDefaultEndpoints();
app.MapConnector();
return await app.RunOrExplainAsync();
