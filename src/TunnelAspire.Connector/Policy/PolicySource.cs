using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Targets;

namespace TunnelAspire.Connector.Policy;

/// <summary>The policy that holds now: the file's rules, and after them the simple allow-list as a last rule for everyone.</summary>
/// <remarks>A change is for sessions that open from then on: what is open keeps what was decided at its open.</remarks>
public sealed class PolicySource
{
    /// <summary>Name of the rule that the allow-list makes. No rule of a file can have it.</summary>
    public const string AllowRule = "Connector:Allow";

    private readonly string _file;
    private readonly PolicyRule[] _simple;
    private string? _text;
    private AccessPolicy _current;

    /// <summary>Reads the policy file, if there is one, and the allow-list.</summary>
    /// <exception cref="FormatException">One of them is wrong; the message says which, and where.</exception>
    public PolicySource(IOptions<ConnectorOptions> options)
    {
        _file = options.Value.Policy;
        _simple = Simple(options.Value.Allow);
        _current = new AccessPolicy(_simple);
        Load();
    }

    /// <summary>The policy for a session that opens now.</summary>
    public AccessPolicy Current => Volatile.Read(ref _current);

    /// <summary>Whether there is a file.</summary>
    public bool HasFile => _file.Length > 0;

    /// <summary>Reads the file again. Where its text is the same, nothing happens.</summary>
    /// <returns>Whether another policy holds from now on.</returns>
    /// <exception cref="FormatException">It cannot be used; what held before still does.</exception>
    public bool Load()
    {
        if (!HasFile)
        {
            return false;
        }

        try
        {
            string text = File.ReadAllText(_file);
            if (text == _text)
            {
                return false;
            }

            Volatile.Write(ref _current, new AccessPolicy([.. PolicyFile.Parse(text), .. _simple]));
            _text = text;
            return true;
        }
        catch (FormatException e)
        {
            throw new FormatException($"the policy file '{_file}': {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FormatException($"the policy file '{_file}' cannot be read: {e.Message}", e);
        }
    }

    private static PolicyRule[] Simple(IEnumerable<string> allow)
    {
        TargetPattern[] targets = [.. allow.SelectMany(entry => entry.Split(',', StringSplitOptions.TrimEntries)).Select(TargetPattern.Parse)];
        return targets.Length == 0 ? [] : [new PolicyRule { Name = AllowRule, Callers = [PolicyRule.Everyone], Roles = [], Targets = targets }];
    }
}
