using TunnelAspire.Protocol.Lanes;

namespace TunnelAspire.Tests.Harness;

/// <summary>A lane's bytes, both ways.</summary>
internal sealed class LaneStream(Lane lane) : BareStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await lane.ReceiveAsync(buffer, cancellationToken);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[await lane.PutAsync(buffer, cancellationToken)..];
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lane.Dispose();
        }

        base.Dispose(disposing);
    }
}
