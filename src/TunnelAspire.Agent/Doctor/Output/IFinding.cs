namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>What one examination found: data for machines, lines for people.</summary>
internal interface IFinding
{
    /// <summary>It in words.</summary>
    IEnumerable<Line> Lines();
}
