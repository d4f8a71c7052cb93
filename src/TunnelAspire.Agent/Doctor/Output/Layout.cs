using System.Globalization;

namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>What the outputs for people have in common.</summary>
internal static class Layout
{
    /// <summary>Columns for a finding's label.</summary>
    public const int LabelWidth = 15;

    /// <summary>Columns for a setting's label.</summary>
    public const int ChoiceWidth = 8;

    /// <summary>Stands above the settings.</summary>
    public const string ChoicesTitle = "The agent would use:";

    /// <summary>The settings, each with its label; none where the tunnel cannot be used.</summary>
    public static IReadOnlyList<(string Label, string Text)> Choices(Verdict verdict) => verdict is { Up: { } up, Down: { } down }
        ?
        [
            ("up", Choice(up)),
            ("down", Choice(down)),
            ("waiting", string.Create(CultureInfo.InvariantCulture, $"up to {verdict.HoldSeconds:0.#} s for each request that waits for bytes")),
            .. verdict.Lanes ? [("lanes", "sessions with little to say share a connection")] : Array.Empty<(string, string)>(),
        ]
        : [];

    private static string Choice(DirectionChoice choice) => string.Create(
        CultureInfo.InvariantCulture, $"{choice.Mode.ToString().ToLowerInvariant()}, messages of up to {Words.Bytes(choice.MessageBytes)}, {choice.InFlight} under way at once");
}
