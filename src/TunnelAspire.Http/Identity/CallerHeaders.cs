using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Identity;

/// <summary>
/// The caller on the way from relay to connector: <c>Tunnel-Caller: jwt%3Aann</c>, <c>Tunnel-Roles: dba,ops</c>. They count only with
/// the relay's proof; what anybody else says in them is thrown away.
/// </summary>
public static class CallerHeaders
{
    /// <summary>Says who the caller is.</summary>
    public static void Write(Caller caller, HttpRequestHeaders to)
    {
        to.TryAddWithoutValidation(TunnelHeaders.Caller, Uri.EscapeDataString(caller.Name));
        if (caller.Roles.Count > 0)
        {
            to.TryAddWithoutValidation(TunnelHeaders.Roles, string.Join(',', caller.Roles.Select(Uri.EscapeDataString)));
        }
    }

    /// <summary>Establishes the caller that a relay names; the relay has proved itself.</summary>
    public static void Establish(HttpContext context)
    {
        context.Features.Set(FromRelay.Instance);
        IHeaderDictionary headers = context.Request.Headers;
        if (headers[TunnelHeaders.Caller].ToString() is { Length: > 0 } name)
        {
            string[] roles = headers[TunnelHeaders.Roles].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries);
            new Caller(Uri.UnescapeDataString(name), [.. roles.Select(Uri.UnescapeDataString)]).Establish(context);
        }
    }

    /// <summary>Throws away what only a relay may say about a request.</summary>
    public static void Clear(HttpContext context)
    {
        foreach (string name in (string[])[TunnelHeaders.Proof, TunnelHeaders.Epoch, TunnelHeaders.Session, TunnelHeaders.Relay, TunnelHeaders.Agent, TunnelHeaders.Caller, TunnelHeaders.Roles])
        {
            context.Request.Headers.Remove(name);
        }
    }
}

/// <summary>A feature of requests that a relay of the cluster brings: whatever they cost is not its to answer for.</summary>
public sealed class FromRelay
{
    /// <summary>The one there is.</summary>
    public static FromRelay Instance { get; } = new();
}
