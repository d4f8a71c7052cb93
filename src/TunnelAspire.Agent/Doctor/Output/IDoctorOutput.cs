namespace TunnelAspire.Agent.Doctor.Output;

/// <summary>Who is told: a person at a terminal, a file, or a machine.</summary>
internal interface IDoctorOutput
{
    /// <summary>Shows that an examination is under way, and then what it found.</summary>
    /// <param name="what">What is examined.</param>
    /// <param name="longest">How long it takes at most, where that is worth showing; else zero.</param>
    /// <param name="examination">Does it.</param>
    Task<T> DuringAsync<T>(string what, TimeSpan longest, Func<Task<T>> examination)
        where T : IFinding;

    /// <summary>Shows what it all amounts to.</summary>
    void Conclude(Diagnosis found);
}
