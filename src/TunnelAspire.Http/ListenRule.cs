using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace TunnelAspire.Http;

/// <summary>A rule that keeps a service from being reached by other machines before somebody has said who may use it.</summary>
/// <param name="Confines">Says why the service may listen for this machine only; null where it may listen for others.</param>
public sealed record ListenRule(Func<IServiceProvider, string?> Confines)
{
    /// <summary>Refuses to listen for other machines where a rule says so; nothing has been listened on then.</summary>
    /// <exception cref="InvalidOperationException">The address is one that others reach.</exception>
    internal static void Require(IServiceProvider services, ListenOptions listen)
    {
        if (listen.IPEndPoint is not { } end || IPAddress.IsLoopback(end.Address))
        {
            return; // unix sockets and handles have an owner on this machine
        }

        foreach (ListenRule rule in services.GetServices<ListenRule>())
        {
            if (rule.Confines(services) is { } why)
            {
                throw new InvalidOperationException($"Not listening on {end}, which other machines reach: {why}");
            }
        }
    }
}
