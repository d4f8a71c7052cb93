using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace TunnelAspire.Http.Direct;

/// <summary>The web server, and beside it the direct connections, which are given the same application.</summary>
internal sealed class DirectServer(IServer server, DirectRequests requests) : IServer
{
    public IFeatureCollection Features => server.Features;

    /// <summary>Puts a server in front of the one that is registered.</summary>
    public static void Register(IServiceCollection services)
    {
        ServiceDescriptor registered = services.Last(service => service.ServiceType == typeof(IServer));
        services.Remove(registered);
        services.AddSingleton<IServer>(provider => new DirectServer(
            (IServer)ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!), provider.GetRequiredService<DirectRequests>()));
    }

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        requests.Addresses = server.Features.Get<IServerAddressesFeature>();
        requests.Application = features => ProcessAsync(application, features);
        return server.StartAsync(application, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        requests.Stop();
        return server.StopAsync(cancellationToken);
    }

    public void Dispose() => server.Dispose();

    private static async Task ProcessAsync<TContext>(IHttpApplication<TContext> application, IFeatureCollection features)
        where TContext : notnull
    {
        TContext context = application.CreateContext(features);
        Exception? failure = null;
        try
        {
            await application.ProcessRequestAsync(context);
            await features.GetRequiredFeature<IHttpResponseBodyFeature>().CompleteAsync(); // who is asked before the head goes out may want the context
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            application.DisposeContext(context, failure);
        }
    }
}
