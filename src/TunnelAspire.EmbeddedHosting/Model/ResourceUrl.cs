namespace Aspire.Hosting.ApplicationModel;

/// <summary>A URL worth showing to a person.</summary>
public sealed class ResourceUrlAnnotation
{
    internal ResourceUrlAnnotation(EndpointReference endpoint) => Endpoint = endpoint;

    /// <summary>What opens.</summary>
    public string Url
    {
        get => field ?? $"{Endpoint!.Url}/";
        set;
    }

    /// <summary>What it is.</summary>
    public string? DisplayText { get; set; }

    /// <summary>The endpoint that it belongs to.</summary>
    public EndpointReference? Endpoint { get; }
}
