using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Http.Files;
using TunnelAspire.Http.Identity;
using TunnelAspire.Http.Limits;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Connector.Policy;

/// <summary>Short words for policies.</summary>
internal static class Rules
{
    public static Caller Ann { get; } = new("ann", ["dba", "staff"]);

    public static CallerQuotas Quotas(TimeProvider time) =>
        new(time, new LimitMetrics(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>()));

    public static PolicySource Source(ConnectorOptions options, WatchedFiles? files = null) =>
        new(Options.Create(options), files ?? new WatchedFiles(TimeProvider.System, NullLogger<WatchedFiles>.Instance));

    public static PolicyRule Allow(string name, string[] callers, params string[] targets) => Rule(name, callers, false, targets);

    public static PolicyRule Deny(string name, string[] callers, params string[] targets) => Rule(name, callers, true, targets);

    public static Verdict Judge(this AccessPolicy policy, Caller caller, string target, string? address)
    {
        Assert.True(TargetAddress.TryParse(target, out TargetAddress? parsed));
        return policy.Judge(caller, parsed, address is null ? null : IPAddress.Parse(address));
    }

    /// <summary>Callers that begin with '@' are roles.</summary>
    private static PolicyRule Rule(string name, string[] callers, bool denies, string[] targets) => new()
    {
        Name = name,
        Callers = [.. callers.Where(caller => caller[0] != '@')],
        Roles = [.. callers.Where(caller => caller[0] == '@').Select(caller => caller[1..])],
        Targets = [.. targets.Select(TargetPattern.Parse)],
        Denies = denies,
    };
}
