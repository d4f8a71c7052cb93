using System.Buffers.Text;
using System.Security.Cryptography;

namespace TunnelAspire.Protocol.Wire;

/// <summary>
/// The secrets that admit requests to sessions: each is the session's id, signed. So none is stored, and the token of an ended
/// session is still recognised. They are signed by the cluster's key where there is one, so that a relay can check them before it
/// looks anything up; else by a key of this process.
/// </summary>
/// <param name="cluster">The cluster's keys; none: a random key that lives as long as this object.</param>
public sealed class SessionTokens(ClusterKeys? cluster = null)
{
    private const string Purpose = "session";

    private readonly ClusterKeys _own = new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    private ClusterKeys Keys => cluster is { Any: true } ? cluster : _own;

    /// <summary>The session's token: 256 bits as 43 characters of base64url.</summary>
    public string For(SessionId session) => Keys.Sign(Purpose, session.ToString());

    /// <summary>Whether <paramref name="token"/> is the session's own; compared in constant time.</summary>
    public bool Admits(SessionId session, string? token) => Keys.Verifies(Purpose, session.ToString(), token);
}
