using TunnelAspire.SampleTarget.Large;
using TunnelAspire.SampleTarget.Page;
using TunnelAspire.SampleTarget.Paths;

// A server like any other: it knows nothing of the tunnel. To show something worth seeing it asks the connectors,
// as an operator may, which of them holds the other end of the connection that it is answering on.

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.Services.AddSingleton<ConnectorSessions>();
builder.Services.AddHttpClient(ConnectorSessions.ClientName, client => client.Timeout = TimeSpan.FromSeconds(2));

WebApplication app = builder.Build();
app.MapDefaultEndpoints();
app.MapPage();
app.MapPath();
app.MapLarge();
app.Run();
