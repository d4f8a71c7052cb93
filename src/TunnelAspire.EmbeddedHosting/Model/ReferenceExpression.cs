using System.Runtime.CompilerServices;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Text with values of resources in it, which are known once the application starts.</summary>
public sealed class ReferenceExpression : IValueProvider
{
    private readonly IReadOnlyList<IValueProvider> _parts;

    private ReferenceExpression(IReadOnlyList<IValueProvider> parts) => _parts = parts;

    /// <summary>An expression from an interpolated string.</summary>
    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.GetExpression();

    /// <inheritdoc/>
    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        string?[] texts = new string?[_parts.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = await _parts[i].GetValueAsync(cancellationToken);
        }

        return string.Concat(texts);
    }

    /// <summary>Takes an interpolated string apart.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct ExpressionInterpolatedStringHandler
    {
        private readonly List<IValueProvider> _parts;

        /// <summary>Called by the compiler.</summary>
        public ExpressionInterpolatedStringHandler(int literalLength, int formattedCount) => _parts = new List<IValueProvider>((2 * formattedCount) + 1);

        /// <summary>Adds text between the values.</summary>
        public readonly void AppendLiteral(string value) => _parts.Add(new LiteralValue(value));

        /// <summary>Adds a text.</summary>
        public readonly void AppendFormatted(string? value) => _parts.Add(new LiteralValue(value));

        /// <summary>Adds a value.</summary>
        public readonly void AppendFormatted<T>(T valueProvider)
            where T : IValueProvider => _parts.Add(valueProvider);

        /// <summary>Adds a resource's value.</summary>
        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider => _parts.Add(valueProvider.Resource);

        internal readonly ReferenceExpression GetExpression() => new(_parts);
    }
}
