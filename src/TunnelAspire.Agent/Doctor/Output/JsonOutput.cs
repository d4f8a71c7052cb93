using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>For machines: one JSON document, at the end.</summary>
internal sealed class JsonOutput(TextWriter output) : IDoctorOutput
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // it is no HTML
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <inheritdoc/>
    public Task<T> DuringAsync<T>(string what, TimeSpan longest, Func<Task<T>> examination)
        where T : IFinding => examination();

    /// <inheritdoc/>
    public void Conclude(Diagnosis found) => output.WriteLine(JsonSerializer.Serialize(found, Format));
}
