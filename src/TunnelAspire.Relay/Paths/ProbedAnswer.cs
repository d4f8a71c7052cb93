using TunnelAspire.Http;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Relay.Paths;

/// <summary>The answer that a receiving probe asks for: a wait, then parts with pauses between them.</summary>
/// <param name="Wait">How long the head waits.</param>
/// <param name="Parts">How many parts.</param>
/// <param name="Size">Bytes of each.</param>
/// <param name="Pause">How long to wait between two.</param>
internal sealed record ProbedAnswer(TimeSpan Wait, int Parts, int Size, TimeSpan Pause)
{
    private const int Piece = 64 * 1024;

    /// <summary>Random, so that nobody on the way makes less of them.</summary>
    private static readonly byte[] Filling = MakeFilling();

    /// <summary>Reads <c>?wait=0&amp;parts=2&amp;size=64&amp;pause=200</c>; these are the defaults.</summary>
    /// <exception cref="TunnelException">A parameter is wrong.</exception>
    public static ProbedAnswer Read(HttpRequest request)
    {
        long wait = Number(request, TunnelPaths.Wait, 0, 0, 300_000);
        long parts = Number(request, TunnelPaths.Parts, 2, 1, 1024);
        long size = Number(request, TunnelPaths.Size, 64, 1, 4 * 1024 * 1024);
        long pause = Number(request, TunnelPaths.Pause, 200, 0, 10_000);
        return parts * size <= ArrivingBody.MostBytes
            ? new ProbedAnswer(TimeSpan.FromMilliseconds(wait), (int)parts, (int)size, TimeSpan.FromMilliseconds(pause))
            : throw new TunnelException(TunnelError.Malformed, $"'{TunnelPaths.Parts}' times '{TunnelPaths.Size}' are more than {ArrivingBody.MostBytes} bytes");
    }

    /// <summary>Writes the answer, each part at its time.</summary>
    public async Task WriteAsync(HttpContext context, TimeProvider time, CancellationToken cancellationToken)
    {
        await Task.Delay(Wait, time, cancellationToken);
        TunnelAnswers.Mark(context);
        context.Response.ContentType = context.Request.Headers.Accept == TunnelMediaTypes.OctetStream ? TunnelMediaTypes.OctetStream : TunnelMediaTypes.BinaryTcp;
        context.Response.ContentLength = Parts == 1 ? Size : null;
        for (int part = 0; part < Parts; part++)
        {
            if (part > 0)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }

            for (int left = Size; left > 0; left -= Piece)
            {
                await context.Response.BodyWriter.WriteAsync(Filling.AsMemory(0, Math.Min(left, Piece)), cancellationToken);
            }
        }
    }

    private static long Number(HttpRequest request, string name, long otherwise, long least, long most)
    {
        long number = TunnelRequests.OptionalOffset(request, name) ?? otherwise;
        return number >= least && number <= most
            ? number
            : throw new TunnelException(TunnelError.Malformed, $"the query parameter '{name}' is {number}; it goes from {least} to {most}");
    }

    private static byte[] MakeFilling()
    {
        byte[] filling = new byte[Piece];
        Random.Shared.NextBytes(filling);
        return filling;
    }
}
