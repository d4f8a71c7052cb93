using System.Collections;
using Microsoft.AspNetCore.Http.Features;

namespace TunnelAspire.Http.Direct;

/// <summary>What an exchange is to whoever asks a request for its features: the layer below those that are set for one request. It needs no memory of its own.</summary>
internal sealed class DirectFeatures(DirectExchange exchange) : IFeatureCollection
{
    private static readonly Type[] Ours =
    [
        typeof(IHttpRequestFeature), typeof(IHttpResponseFeature), typeof(IHttpResponseBodyFeature), typeof(IHttpRequestLifetimeFeature),
        typeof(IRequestBodyPipeFeature), typeof(IHttpRequestBodyDetectionFeature), typeof(IHttpConnectionFeature), typeof(IDirectFeature),
    ];

    public bool IsReadOnly => true;

    public int Revision => 0;

    public object? this[Type key]
    {
        get => Array.IndexOf(Ours, key) >= 0 ? exchange : null;
        set => throw new NotSupportedException();
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => throw new NotSupportedException();

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => Ours.Select(type => new KeyValuePair<Type, object>(type, exchange)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
