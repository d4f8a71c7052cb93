namespace TunnelAspire.Benchmarks.Load;

/// <summary>A contestant did not do what was asked of it; the message says what, and stands in the report.</summary>
internal sealed class LoadException : Exception
{
    public LoadException()
    {
    }

    public LoadException(string message)
        : base(message)
    {
    }

    public LoadException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
