using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TunnelAspire.Agent.Settings;

/// <summary>Options as text, to compare them: so that no option can be forgotten.</summary>
internal static class OptionsText
{
    /// <summary>A digest of all that says how the relays are reached, and as whom: whatever the ways in are, and with the files' content.</summary>
    public static string Way(AgentOptions options)
    {
        AgentOptions way = JsonSerializer.Deserialize(JsonSerializer.Serialize(options, OptionsJson.Default.AgentOptions), OptionsJson.Default.AgentOptions)!;
        (way.Forwards, way.Socks, way.Standard, way.Control) = (new Dictionary<string, string>(), new(), "", "");
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(way, OptionsJson.Default.AgentOptions);
        return Convert.ToHexString(SHA256.HashData([.. text, .. Content(options.Ca), .. Content(options.Certificate), .. Content(options.Key)]));
    }

    private static byte[] Content(string file)
    {
        try
        {
            return file.Length == 0 ? [] : SHA256.HashData(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // whoever uses the file says what is wrong with it
        }
    }
}

/// <summary>Never written anywhere: it holds secrets.</summary>
[JsonSourceGenerationOptions(IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(AgentOptions))]
internal sealed partial class OptionsJson : JsonSerializerContext;
