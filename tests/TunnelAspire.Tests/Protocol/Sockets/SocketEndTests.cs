using System.Net;
using System.Net.Sockets;
using System.Text;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Sockets;

public sealed class SocketEndTests
{
    [Fact]
    public async Task Read_OfAnEndWithFirstBytes_GivesThemBeforeTheSockets()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndpoint).Soon();
        using SocketEnd end = new(new ReadySocket(await listener.AcceptSocketAsync().Soon()), "first"u8.ToArray());
        byte[] bytes = new byte[3];

        await end.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal(5, end.Available);
        Assert.Equal("fir", Encoding.ASCII.GetString(bytes, 0, await end.ReadAsync(bytes, CancellationToken.None).Soon()));
        Assert.Equal(2, end.Available);
        await end.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal("st", Encoding.ASCII.GetString(bytes, 0, await end.ReadAsync(bytes, CancellationToken.None).Soon()));

        await peer.SendAsync("now"u8.ToArray()).Soon();
        await end.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal("now", Encoding.ASCII.GetString(bytes, 0, await end.ReadAsync(bytes, CancellationToken.None).Soon()));
    }
}
