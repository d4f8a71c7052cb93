using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace TunnelAspire.SampleTarget.Large;

/// <summary><c>GET /large?mb=N</c>: N MiB of bytes that depend only on their position, so that two downloads can be compared.</summary>
internal static class LargeEndpoint
{
    private const int Chunk = 64 * 1024;
    private const int Mebibyte = 1024 * 1024;
    private const int MostMebibytes = 64 * 1024;

    public static void MapLarge(this IEndpointRouteBuilder app) => app.MapGet("/large", WriteAsync);

    private static async Task WriteAsync(HttpContext context, int mb = 64)
    {
        if (mb is < 0 or > MostMebibytes)
        {
            ProblemHttpResult problem = TypedResults.Problem($"mb is {mb}; it may be 0 to {MostMebibytes}.", statusCode: StatusCodes.Status400BadRequest);
            await problem.ExecuteAsync(context);
            return;
        }

        long length = (long)mb * Mebibyte;
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = length;
        context.Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture, $"attachment; filename=\"large-{mb}.bin\"");
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            for (long offset = 0; offset < length; offset += Chunk)
            {
                PositionBytes.Fill(buffer.AsSpan(0, Chunk), offset);
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, Chunk), context.RequestAborted);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
