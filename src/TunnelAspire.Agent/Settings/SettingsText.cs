using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace TunnelAspire.Agent.Settings;

/// <summary>The text of a configuration file, read and checked against the schema: what it sets, and where.</summary>
/// <remarks>JSON with comments and trailing commas. Keys are compared as configuration compares them, in any case of letters.</remarks>
internal sealed class SettingsText
{
    private readonly string _file;
    private readonly byte[] _text;
    private readonly Dictionary<string, int> _places = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string?> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly Stack<Level> _levels = new();

    private SettingsText(string file, byte[] text) => (_file, _text) = (file, text);

    /// <summary>An object or an array that is being read.</summary>
    private sealed class Level(string path, SettingsSchema schema, bool list)
    {
        private int _next;

        public SettingsSchema Schema => schema;

        public bool IsList => list;

        public string Key(string name) => path.Length == 0 ? name : ConfigurationPath.Combine(path, name);

        public string NextKey() => ConfigurationPath.Combine(path, $"{_next++}");
    }

    /// <summary>What it sets, by the keys of the configuration.</summary>
    public IReadOnlyDictionary<string, string?> Values => _values;

    /// <summary>The text itself.</summary>
    public byte[] Bytes => _text;

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="FormatException">It is no JSON, or sets what there is not to set; the message names file, line, column and key.</exception>
    public static SettingsText Parse(string file, byte[] text)
    {
        SettingsText settings = new(file, text);
        ReadOnlySpan<byte> json = text.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? text.AsSpan(Encoding.UTF8.Preamble.Length) : text;
        Utf8JsonReader reader = new(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            settings.Read(ref reader, text.Length - json.Length);
            return settings;
        }
        catch (JsonException e)
        {
            string what = e.Message.Split(" LineNumber:")[0];
            throw new FormatException($"{file}, line {(e.LineNumber ?? 0) + 1}, column {(e.BytePositionInLine ?? 0) + 1}: this is no JSON: {what}", e);
        }
    }

    /// <summary>What is wrong, with the place where the file says it, if it is the file that does: what is given elsewhere wins over it.</summary>
    public string Locate(Exception wrong) => wrong switch
    {
        SettingException setting => Locate(setting.Key, setting.Message),
        OptionsValidationException invalid => LocateNamed(string.Join("; ", invalid.Failures)),
        _ => LocateNamed(wrong.Message),
    };

    private string Locate(string key, string message) => IsNamed(key, message)
        ? LocateNamed(message)
        : _places.TryGetValue(key, out int position) && IsQuoted(key, message) ? At(position, $"{key}: {message}") : message;

    /// <summary>The setting's name, or else its value, is part of the message.</summary>
    private string LocateNamed(string message)
    {
        string? named = _values.Keys.Where(key => IsNamed(key, message)).MaxBy(key => key.Length);
        return named is not null ? At(_places[named], message)
            : _values.Keys.Where(key => IsQuoted(key, message)).Take(2).ToArray() is [{ } quoted] ? At(_places[quoted], $"{quoted}: {message}")
            : message;
    }

    private static bool IsNamed(string key, string message)
    {
        int end = message.IndexOf(key, StringComparison.OrdinalIgnoreCase) + key.Length;
        return end >= key.Length && (end == message.Length || !char.IsAsciiLetterOrDigit(message[end]));
    }

    private bool IsQuoted(string key, string message) =>
        _values.GetValueOrDefault(key) is { Length: > 0 } value && message.Contains($"'{value}'", StringComparison.Ordinal);

    private void Read(ref Utf8JsonReader reader, int offset)
    {
        string? name = null;
        while (reader.Read())
        {
            int position = offset + (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = _levels.Peek().Key(reader.GetString()!);
                    Enter(name, reader.GetString()!, position);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    _levels.Pop();
                    break;
                default:
                    string key = name ?? (_levels.Count == 0 ? "" : _levels.Peek().NextKey());
                    Take(ref reader, key, position);
                    name = null;
                    break;
            }
        }
    }

    private void Enter(string key, string name, int position)
    {
        if (!_places.TryAdd(key, position))
        {
            throw Wrong(position, $"{key} stands here a second time");
        }

        if (_levels.Peek().Schema.Of(name) is null)
        {
            throw Wrong(position, $"{key} is no setting{_levels.Peek().Schema.Suggest(name)}");
        }
    }

    private void Take(ref Utf8JsonReader reader, string key, int position)
    {
        _places.TryAdd(key, position);
        SettingsSchema schema = _levels.Count == 0
            ? SettingsSchema.Root
            : (_levels.Peek().IsList ? _levels.Peek().Schema.Items : _levels.Peek().Schema.Of(key.Split(ConfigurationPath.KeyDelimiter)[^1]))!;
        if (!schema.Admits(reader.TokenType))
        {
            throw Wrong(position, $"{(key.Length == 0 ? "the file" : key)} is {schema.Kind} here{(reader.TokenType == JsonTokenType.Number ? ": put it into quotes" : "")}");
        }

        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            _levels.Push(new Level(key, schema, reader.TokenType == JsonTokenType.StartArray));
        }
        else if (reader.TokenType != JsonTokenType.Null)
        {
            _values[key] = reader.TokenType == JsonTokenType.String ? reader.GetString() : Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }

    private FormatException Wrong(int position, string message) => new(At(position, message));

    private string At(int position, string message)
    {
        ReadOnlySpan<byte> before = _text.AsSpan(0, position);
        return $"{_file}, line {before.Count((byte)'\n') + 1}, column {position - before.LastIndexOf((byte)'\n')}: {message}";
    }
}
