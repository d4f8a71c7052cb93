using Microsoft.AspNetCore.Http;

namespace TunnelAspire.Http.Identity;

/// <summary>Who asks for a session: what policy decides by, and what the audit names.</summary>
/// <param name="Name">The caller's name; unique among all callers of an installation.</param>
/// <param name="Roles">Roles that the caller has, in the order in which its identity names them.</param>
public sealed record Caller(string Name, IReadOnlyList<string> Roles)
{
    /// <summary>Somebody who has not been asked for an identity.</summary>
    public static Caller Anonymous { get; } = new("anonymous", []);

    /// <summary>The request's caller; <see cref="Anonymous"/> where nobody has established one.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Anonymous;

    /// <summary>Establishes the request's caller.</summary>
    public void Establish(HttpContext context) => context.Features.Set(this);
}
