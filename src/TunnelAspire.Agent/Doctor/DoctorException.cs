namespace TunnelAspire.Agent.Doctor;

/// <summary>An examination found what no agent gets past: the diagnosis ends here.</summary>
/// <param name="reason">What is wrong, in one sentence.</param>
/// <param name="advice">What to do next.</param>
/// <param name="inner">What was caught, if anything.</param>
internal sealed class DoctorException(string reason, string advice, Exception? inner = null) : Exception(reason, inner)
{
    /// <summary>What to do next.</summary>
    public string Advice { get; } = advice;
}
