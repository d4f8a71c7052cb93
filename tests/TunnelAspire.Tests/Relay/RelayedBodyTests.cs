using System.IO.Pipelines;
using TunnelAspire.Relay;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Relay;

public sealed class RelayedBodyTests
{
    [Fact]
    public async Task StopAsync_WhileTheSourceIsRead_LeavesItToBeReadOn()
    {
        Pipe source = new();
        RelayedBody body = new(source.Reader, length: 3);
        Task copying = body.CopyToAsync(Stream.Null);

        await body.StopAsync().Soon();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copying);
        await source.Writer.WriteAsync(new byte[] { 1, 2, 3 });
        Assert.True(source.Reader.TryRead(out ReadResult rest)); // the web server passes over what nobody wanted
        Assert.Equal(3, rest.Buffer.Length);
    }
}
