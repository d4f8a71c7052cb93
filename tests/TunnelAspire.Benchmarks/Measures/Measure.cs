using TunnelAspire.Benchmarks.Contestants;
using TunnelAspire.Benchmarks.Load;
using TunnelAspire.Benchmarks.Report;

namespace TunnelAspire.Benchmarks.Measures;

/// <summary>One figure of one sample.</summary>
internal readonly record struct Figure(Column Column, double Value);

/// <summary>Something that is measured, of one contestant after the other.</summary>
/// <param name="columns">The figures that a sample brings.</param>
internal abstract class Measure(params IReadOnlyList<Column> columns)
{
    /// <summary>Its word on the command line.</summary>
    public string Key => columns[0].Measure;

    public IReadOnlyList<Column> Columns => columns;

    /// <summary>Whether one sample says all, so that further rounds need none.</summary>
    public virtual bool Once => false;

    /// <summary>Measures for about a second, or shorter.</summary>
    /// <param name="contestant">Whom; nobody else has anything to do meanwhile.</param>
    /// <param name="load">The load.</param>
    /// <param name="warmUp">The figures will not be used: less will do.</param>
    /// <param name="cancellationToken">The run is to end.</param>
    /// <exception cref="LoadException">The contestant did not do what was asked.</exception>
    public abstract Task<IReadOnlyList<Figure>> SampleAsync(Contestant contestant, LoadClient load, bool warmUp, CancellationToken cancellationToken);
}
