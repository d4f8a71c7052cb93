using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace TunnelAspire.Agent.Settings;

/// <summary>
/// A place in the schema of the configuration file, docs/tunnel.schema.json, which is part of the program: editors and the agent go by
/// the same one. Of JSON Schema it reads <c>type</c>, <c>properties</c>, <c>additionalProperties</c> and <c>items</c>.
/// </summary>
internal sealed class SettingsSchema(JsonElement schema)
{
    private const string Resource = "tunnel.schema.json";

    /// <summary>The file itself.</summary>
    public static SettingsSchema Root { get; } = Load();

    /// <summary>Elements of a list, which may have names.</summary>
    public SettingsSchema? Items => Child("items") ?? Child("additionalProperties");

    /// <summary>The settings that have names of their own.</summary>
    public IEnumerable<string> Names => schema.TryGetProperty("properties", out JsonElement properties) ? properties.EnumerateObject().Select(property => property.Name).Where(name => name[0] != '$') : [];

    /// <summary>What has to stand there, in words.</summary>
    public string Kind => string.Join(" or ", Types().Select(type => type switch
    {
        "object" => "an object {…}",
        "array" => "a list […]",
        "string" => "a text \"…\"",
        _ => $"a {type}",
    }));

    /// <summary>The setting of that name; null: there is none.</summary>
    public SettingsSchema? Of(string name) => Named(name) ?? Items;

    /// <summary>Whether such a value can stand there.</summary>
    public bool Admits(JsonTokenType token) => token == JsonTokenType.Null || Types().Any(type => type switch
    {
        "object" => token == JsonTokenType.StartObject,
        "array" => token == JsonTokenType.StartArray,
        "string" => token == JsonTokenType.String,
        "boolean" => token is JsonTokenType.True or JsonTokenType.False,
        _ => token == JsonTokenType.Number,
    });

    /// <summary>What may have been meant, for a message.</summary>
    public string Suggest(string name)
    {
        string[] known = [.. Names];
        string? near = known.Where(other => Distance(other, name) <= 2).MinBy(other => Distance(other, name));
        return near is not null ? $"; is {near} meant?" : known.Length is > 0 and < 8 ? $"; there are {string.Join(", ", known)}" : "; see docs/configuration.md for those that there are";
    }

    /// <summary>Checks the names of the settings that configuration holds, wherever they come from.</summary>
    /// <exception cref="SettingException">One of them is none.</exception>
    public void Check(IConfigurationSection section)
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            SettingsSchema place = Of(child.Key) ?? throw new SettingException(child.Path, $"{child.Path} is no setting{Suggest(child.Key)}");
            if (child.Value is { Length: > 0 } && !place.Types().Any(type => type is not ("object" or "array")))
            {
                throw new SettingException(child.Path, $"{child.Path} is {place.Kind}, and not one text: in the environment {EnvironmentName(child.Path)}__0, or with a name in place of 0");
            }

            place.Check(child);
        }
    }

    private IEnumerable<string> Types() => schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } types
        ? types.EnumerateArray().Select(type => type.GetString()!)
        : [schema.GetProperty("type").GetString()!];

    private static string EnvironmentName(string key) => key.Replace(ConfigurationPath.KeyDelimiter, "__", StringComparison.Ordinal);

    private SettingsSchema? Named(string name)
    {
        JsonProperty found = schema.TryGetProperty("properties", out JsonElement properties)
            ? properties.EnumerateObject().FirstOrDefault(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            : default;
        return found.Value.ValueKind == JsonValueKind.Object ? new SettingsSchema(found.Value) : null;
    }

    private SettingsSchema? Child(string keyword) =>
        schema.TryGetProperty(keyword, out JsonElement child) && child.ValueKind == JsonValueKind.Object ? new SettingsSchema(child) : null;

    /// <summary>Letters that have to be put in, taken out or exchanged.</summary>
    private static int Distance(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 0; i < one.Length; i++)
        {
            int diagonal = row[0]++;
            for (int j = 0; j < other.Length; j++)
            {
                int exchanged = diagonal + (char.ToLowerInvariant(one[i]) == char.ToLowerInvariant(other[j]) ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(exchanged, Math.Min(row[j], diagonal) + 1);
            }
        }

        return row[^1];
    }

    private static SettingsSchema Load()
    {
        using Stream stream = typeof(SettingsSchema).Assembly.GetManifestResourceStream(Resource)!;
        using JsonDocument document = JsonDocument.Parse(stream);
        return new SettingsSchema(document.RootElement.Clone());
    }
}
