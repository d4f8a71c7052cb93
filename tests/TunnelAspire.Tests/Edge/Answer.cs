using System.Globalization;
using System.Text;
using System.Text.Json;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Edge;

/// <summary>An answer, whole.</summary>
public sealed record Answer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public long Ack => Number(TunnelHeaders.Ack);

    public long Offset => Number(TunnelHeaders.Offset);

    /// <summary>All of the answer but its date.</summary>
    public string Looks => string.Join(
        '\n', [$"{Status}", .. Headers.Where(header => header.Key != "Date").Select(header => $"{header.Key}: {header.Value}"), Convert.ToHexString(Body)]);

    public long? Fin => Headers.ContainsKey(TunnelHeaders.Fin) ? Number(TunnelHeaders.Fin) : null;

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
        {
            headers[name] = string.Join(", ", values);
        }

        return new Answer((int)response.StatusCode, headers, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>Reads an answer with a Content-Length from a bare connection; null if the connection ends, or is cut, without one.</summary>
    public static async Task<Answer?> ReadAsync(Stream stream)
    {
        try
        {
            return await ReadWholeAsync(stream);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task<Answer?> ReadWholeAsync(Stream stream)
    {
        using MemoryStream head = new();
        byte[] one = new byte[1];
        while (!Encoding.Latin1.GetString(head.ToArray()).EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0)
            {
                return null;
            }

            head.Write(one);
        }

        string[] lines = Encoding.Latin1.GetString(head.ToArray()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string> headers = lines.Skip(1).Select(line => line.Split(':', 2)).ToDictionary(
            parts => parts[0], parts => parts[1].Trim(), StringComparer.OrdinalIgnoreCase);
        byte[] body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        return new Answer(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, body);
    }

    /// <summary>Fails unless this is the tunnel's own error, told in full, with <paramref name="named"/> in its detail.</summary>
    public Answer Require(TunnelError error, params string[] named)
    {
        Assert.Equal($"{error.Status()} {error.Code()}", $"{Status} {Headers.GetValueOrDefault(TunnelHeaders.Error)}");
        RequireOwn();
        Assert.Equal("application/problem+json", Headers["Content-Type"]);
        using JsonDocument problem = JsonDocument.Parse(Body);
        JsonElement root = problem.RootElement;
        Assert.Equal($"urn:tunnelaspire:error:{error.Code()}", root.GetProperty("type").GetString());
        Assert.Equal(error.Code(), root.GetProperty("code").GetString());
        Assert.Equal(error.Status(), root.GetProperty("status").GetInt32());
        Assert.Equal(error.Kind() == TunnelErrorKind.Retry, root.GetProperty("retry").GetBoolean());
        string detail = root.GetProperty("detail").GetString()!;
        Assert.NotEmpty(detail);
        Assert.All(named, word => Assert.Contains(word, detail, StringComparison.Ordinal));
        return this;
    }

    /// <summary>Fails unless the status is this one, and the answer the tunnel's own.</summary>
    public Answer Require(int status)
    {
        Assert.Equal($"{status} ", $"{Status} {Headers.GetValueOrDefault(TunnelHeaders.Error)}");
        RequireOwn();
        return this;
    }

    private void RequireOwn()
    {
        Assert.Equal("1", Headers[TunnelHeaders.Version]);
        Assert.Equal("no-store, no-transform", string.Join(", ", Headers["Cache-Control"].Split(',', StringSplitOptions.TrimEntries).Order()));
        Assert.Equal("no", Headers["X-Accel-Buffering"]);
    }

    private long Number(string header) => long.Parse(Headers[header], NumberStyles.None, CultureInfo.InvariantCulture);
}
