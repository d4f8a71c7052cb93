using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace TunnelAspire.Http.Identity;

/// <summary>One static token, of which only the hash is known.</summary>
/// <param name="Name">The caller that it belongs to. A caller may have several.</param>
/// <param name="Hash">SHA-256 of the token.</param>
/// <param name="Expires">From when on it counts no more; null: never.</param>
/// <param name="Roles">The caller's roles.</param>
public sealed record StaticToken(string Name, byte[] Hash, DateTimeOffset? Expires, IReadOnlyList<string> Roles);

/// <summary>
/// The static tokens of a file or of the configuration.
/// <code>
/// # name  hash of the token                                     when it ends          its roles
/// alice   sha256:n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg    expires=2027-01-31    roles=dba,ops
/// </code>
/// </summary>
public sealed partial class StaticTokens(IReadOnlyList<StaticToken> tokens)
{
    private const string HashPrefix = "sha256:";
    private const string ExpiresPrefix = "expires=";
    private const string RolesPrefix = "roles=";

    /// <summary>All of them.</summary>
    public IReadOnlyList<StaticToken> All => tokens;

    /// <summary>Reads the format above; <c>;</c> will do for the end of a line.</summary>
    /// <exception cref="FormatException">A line is wrong; the message names it, and never what it holds of a secret.</exception>
    public static StaticTokens Parse(string text)
    {
        List<StaticToken> tokens = [];
        string[] lines = text.Split('\n', ';');
        for (int i = 0; i < lines.Length; i++)
        {
            string[] words = lines[i].Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                continue;
            }

            try
            {
                StaticToken token = Read(words);
                tokens.Add(tokens.Any(other => other.Hash.AsSpan().SequenceEqual(token.Hash)) ? throw new FormatException("the same token is in an earlier line") : token);
            }
            catch (FormatException e)
            {
                throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"line {i + 1}: {e.Message}"), e);
            }
        }

        return new StaticTokens(tokens);
    }

    /// <summary>The token that was presented; null where it is none of these. Each is compared, each in constant time.</summary>
    public StaticToken? Find(string presented)
    {
        byte[] hash = Hash(presented);
        StaticToken? found = null;
        foreach (StaticToken token in tokens)
        {
            found = CryptographicOperations.FixedTimeEquals(token.Hash, hash) ? token : found;
        }

        return found;
    }

    /// <summary>Makes a token: 256 random bits, after a word by which it can be recognised where it should not be.</summary>
    public static string Fresh() => $"tunnel_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";

    /// <summary>The line by which a token is known to the server.</summary>
    /// <exception cref="FormatException">The name or a role is none.</exception>
    public static string Line(string name, string token, DateTimeOffset? expires, IReadOnlyList<string> roles)
    {
        RequireName(name);
        RequireRoles(roles);
        string end = expires is { } at ? string.Create(CultureInfo.InvariantCulture, $" {ExpiresPrefix}{at.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}") : "";
        string list = string.Join(',', roles);
        return $"{name} {HashPrefix}{Base64Url.EncodeToString(Hash(token))}{end}{(list.Length > 0 ? $" {RolesPrefix}{list}" : "")}";
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private static StaticToken Read(string[] words)
    {
        string name = words[0];
        RequireName(name);
        byte[] hash = ReadHash(words.ElementAtOrDefault(1) ?? ""); // until there is one, nothing of the line is repeated: it may be a token
        StaticToken token = new(name, hash, null, []);
        foreach (string word in words.Skip(2))
        {
            token = word switch
            {
                _ when word.StartsWith(ExpiresPrefix, StringComparison.Ordinal) => token with { Expires = ReadTime(word[ExpiresPrefix.Length..]) },
                _ when word.StartsWith(RolesPrefix, StringComparison.Ordinal) => token with { Roles = ReadRoles(word[RolesPrefix.Length..]) },
                _ => throw new FormatException($"'{name}': neither {ExpiresPrefix}… nor {RolesPrefix}… is what stands after the hash"),
            };
        }

        return token;
    }

    /// <summary>43 characters of base64url, as <see cref="Line"/> writes it, or 64 of hexadecimal, as sha256sum does.</summary>
    private static byte[] ReadHash(string word)
    {
        string text = word.StartsWith(HashPrefix, StringComparison.Ordinal) ? word[HashPrefix.Length..] : "";
        return HexPattern().IsMatch(text) ? Convert.FromHexString(text)
            : Base64UrlPattern().IsMatch(text) ? Base64Url.DecodeFromChars(text)
            : throw new FormatException($"what stands after the name is not {HashPrefix} and a hash of 43 characters of base64url or 64 of hexadecimal");
    }

    /// <summary>Reads a time in UTC: a day, or a day and a time.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static DateTimeOffset ReadTime(string text) =>
        DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd", "yyyy-MM-ddTHH:mmZ", "yyyy-MM-ddTHH:mm:ssZ"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw new FormatException($"'{text}' is not a time in UTC: 2027-01-31 or 2027-01-31T12:00:00Z");

    private static string[] ReadRoles(string text)
    {
        string[] roles = text.Split(',');
        RequireRoles(roles);
        return roles;
    }

    private static void RequireName(string name)
    {
        if (!NamePattern().IsMatch(name) || name == Caller.Anonymous.Name)
        {
            throw new FormatException("a caller's name is missing, or is none: 1 to 64 of A-Z a-z 0-9 . _ @ - and not 'anonymous'");
        }
    }

    private static void RequireRoles(IReadOnlyList<string> roles)
    {
        if (roles.FirstOrDefault(role => !RolePattern().IsMatch(role)) is { } wrong)
        {
            throw new FormatException($"'{wrong}' is no role: 1 to 64 of A-Z a-z 0-9 . _ : / -");
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._@-]{1,64}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[A-Za-z0-9._:/-]{1,64}\z")]
    private static partial Regex RolePattern();

    [GeneratedRegex(@"^[0-9A-Fa-f]{64}\z")]
    private static partial Regex HexPattern();

    [GeneratedRegex(@"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\z")]
    private static partial Regex Base64UrlPattern();
}
