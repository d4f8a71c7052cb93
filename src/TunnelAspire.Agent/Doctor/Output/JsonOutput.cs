using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>For machines: one JSON document, at the end.</summary>
internal sealed class JsonOutput(TextWriter output) : IDoctorOutput
{
    private static readonly DiagnosisJson Format = new(new JsonSerializerOptions(DiagnosisJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // it is no HTML
    });

    /// <inheritdoc/>
    public Task<T> DuringAsync<T>(string what, TimeSpan longest, Func<Task<T>> examination)
        where T : IFinding => examination();

    /// <inheritdoc/>
    public void Conclude(Diagnosis found) => output.WriteLine(JsonSerializer.Serialize(found, Format.Diagnosis));
}

/// <summary>The document's form.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, Converters = [typeof(KebabCase<ChannelMode>), typeof(KebabCase<Passage>), typeof(KebabCase<LanesOutcome>)])]
[JsonSerializable(typeof(Diagnosis))]
internal sealed partial class DiagnosisJson : JsonSerializerContext;

/// <summary>An enum's value as a word.</summary>
internal sealed class KebabCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.KebabCaseLower)
    where T : struct, Enum;
