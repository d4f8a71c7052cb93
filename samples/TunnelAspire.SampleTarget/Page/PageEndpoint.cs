namespace TunnelAspire.SampleTarget.Page;

/// <summary><c>GET /</c>: one self-contained page that asks <c>/api/path</c> every second.</summary>
internal static class PageEndpoint
{
    private static readonly byte[] Html = Read();

    public static void MapPage(this IEndpointRouteBuilder app) =>
        app.MapGet("/", () => TypedResults.Bytes(Html, "text/html; charset=utf-8"));

    private static byte[] Read()
    {
        using Stream resource = typeof(PageEndpoint).Assembly.GetManifestResourceStream("page.html")!;
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
