using System.Security.Cryptography;
using System.Text;
using TunnelAspire.Agent.Settings;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>Configuration section <c>Agent:Socks</c>: the ports that take SOCKS and HTTP proxy requests, and who may use them.</summary>
public sealed class SocksOptions
{
    private const int LongestField = 255; // RFC 1929 §2: a length is one byte

    /// <summary>Where to listen, each <c>[bind:]port</c>. Default: nowhere.</summary>
    public IList<string> Listen { get; set; } = [];

    /// <summary>The name that clients must give. Default: none is asked for.</summary>
    public string User { get; set; } = "";

    /// <summary>The password that belongs to it.</summary>
    public string Password { get; set; } = "";

    /// <summary>Whether clients have to give name and password.</summary>
    public bool AsksForPassword => User.Length > 0;

    /// <summary>Checks everything that is text.</summary>
    /// <exception cref="FormatException">Something is wrong; the message says what.</exception>
    public void Check()
    {
        if (User.Length > 0 != Password.Length > 0)
        {
            throw new SettingException("Agent:Socks:User", "Agent:Socks:User and Agent:Socks:Password belong together: give both or neither");
        }

        if (Encoding.UTF8.GetByteCount(User) > LongestField || Encoding.UTF8.GetByteCount(Password) > LongestField || User.Contains(':', StringComparison.Ordinal))
        {
            throw new SettingException("Agent:Socks:User", $"Agent:Socks:User and Agent:Socks:Password have at most {LongestField} bytes each, and the user has no colon");
        }
    }

    /// <summary>Whether these are the right name and password; compared in constant time.</summary>
    internal bool Admits(ReadOnlySpan<byte> user, ReadOnlySpan<byte> password) => IsSame(user, User) & IsSame(password, Password);

    private static bool IsSame(ReadOnlySpan<byte> given, string expected) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(given), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));
}
