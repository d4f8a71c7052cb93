using Microsoft.Extensions.Options;
using TunnelAspire.Http.Files;

namespace TunnelAspire.Http.Identity;

/// <summary>The static tokens that count now: those of the configuration, and those of the file.</summary>
public sealed class KnownTokens
{
    private readonly StaticTokens _configured;
    private readonly WatchedFile<StaticTokens>? _file;

    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">One cannot be read; the message says where.</exception>
    public KnownTokens(IOptions<IdentityOptions> options, WatchedFiles files)
    {
        try
        {
            _configured = StaticTokens.Parse(string.Join('\n', options.Value.Tokens));
        }
        catch (FormatException e)
        {
            throw new FormatException($"Identity:Tokens: {e.Message}", e);
        }

        _file = options.Value.TokensFile is { Length: > 0 } path ? files.Watch(path, StaticTokens.Parse) : null;
    }

    /// <summary>The token that was presented; null where it is none of these.</summary>
    public StaticToken? Find(string presented)
    {
        StaticToken? configured = _configured.Find(presented);
        return _file?.Current.Find(presented) ?? configured;
    }
}
