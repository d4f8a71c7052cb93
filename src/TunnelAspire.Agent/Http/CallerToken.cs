using System.Net.Http.Headers;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Agent.Http;

/// <summary>
/// The bearer token by which the server knows who opens sessions. A file is read for each open, so that a token which lives for minutes
/// only can be replaced in it at any time. It is sent when a session is opened and when the path is probed, and with nothing else.
/// </summary>
public sealed class CallerToken
{
    /// <summary>The environment variable with the token, where the options name none.</summary>
    public const string Variable = "TUNNEL_TOKEN";

    private const int LongestFile = 64 * 1024;

    private readonly string _token;
    private readonly string _file;

    /// <summary>The token that the options name.</summary>
    public CallerToken(AgentOptions options)
    {
        _file = options.TokenFile;
        _token = options.Token.Length > 0 || _file.Length > 0 ? options.Token : Environment.GetEnvironmentVariable(Variable) ?? "";
    }

    /// <summary>Whether there is one to show.</summary>
    public bool Known => _token.Length + _file.Length > 0;

    /// <summary>Says who asks.</summary>
    /// <exception cref="CarrierException">The file cannot be read, or holds none.</exception>
    public void Authorize(HttpRequestMessage request)
    {
        if (!Known)
        {
            return;
        }

        string token = _file.Length > 0 ? ReadFile(_file) : _token.Trim();
        request.Headers.Authorization = IsToken(token)
            ? new AuthenticationHeaderValue("Bearer", token)
            : throw new CarrierException(CarrierFault.Barred, _file.Length > 0 ? $"the file '{_file}' holds no token" : "the token that is given is none: it has characters that no token has");
    }

    /// <summary>What to do about a refusal, beside what the server says of it.</summary>
    public string Explain(string refusal) => Known
        ? $"the server does not accept the token of {Origin}: {refusal}"
        : $"the server wants to know who opens sessions: give --token-file FILE, or the token in {Variable} ({refusal})";

    /// <summary>Whether it is one line of what a header may carry: letters, digits and signs without spaces.</summary>
    internal static bool IsToken(string token) => token.Length > 0 && token.All(c => c is > ' ' and <= '~');

    private string Origin => _file.Length > 0 ? $"the file '{_file}'" : "this agent";

    private static string ReadFile(string file)
    {
        try
        {
            return new FileInfo(file).Length <= LongestFile ? File.ReadAllText(file).Trim() : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CarrierException(CarrierFault.Barred, $"the token's file '{file}' cannot be read: {e.Message}", e);
        }
    }
}
