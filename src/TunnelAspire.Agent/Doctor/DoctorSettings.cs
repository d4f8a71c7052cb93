namespace TunnelAspire.Agent.Doctor;

/// <summary>How far the diagnosis goes.</summary>
/// <param name="QuietLimit">Longest wait of a quiet request that is tried, in seconds, 1 to 300; null skips that examination.</param>
internal sealed record DoctorSettings(int? QuietLimit);
