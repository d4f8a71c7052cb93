using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Targets;
using TunnelAspire.Http.Files;

namespace TunnelAspire.Connector.Policy;

/// <summary>The policy that holds now: the file's rules, and after them the simple allow-list as a last rule for everyone.</summary>
/// <remarks>A change of the file is for sessions that open from then on: what is open keeps what was decided at its open.</remarks>
public sealed class PolicySource
{
    /// <summary>Name of the rule that the allow-list makes. No rule of a file can have it.</summary>
    public const string AllowRule = "Connector:Allow";

    private readonly WatchedFile<AccessPolicy>? _file;
    private readonly AccessPolicy _simple;

    /// <summary>Reads the policy file, if there is one, and the allow-list.</summary>
    /// <exception cref="FormatException">One of them is wrong; the message says which, and where.</exception>
    public PolicySource(IOptions<ConnectorOptions> options, WatchedFiles files)
    {
        PolicyRule[] simple = Simple(options.Value.Allow);
        _simple = new AccessPolicy(simple);
        if (options.Value.Policy is { Length: > 0 } file)
        {
            _file = files.Watch(file, text => new AccessPolicy([.. PolicyFile.Parse(text), .. simple]));
        }
    }

    /// <summary>The policy for a session that opens now.</summary>
    public AccessPolicy Current => _file?.Current ?? _simple;

    private static PolicyRule[] Simple(IEnumerable<string> allow)
    {
        TargetPattern[] targets = [.. allow.SelectMany(entry => entry.Split(',', StringSplitOptions.TrimEntries)).Select(TargetPattern.Parse)];
        return targets.Length == 0 ? [] : [new PolicyRule { Name = AllowRule, Callers = [PolicyRule.Everyone], Roles = [], Targets = targets }];
    }
}
