using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Sockets;

/// <summary>An idle connection holds no buffer: nothing that was received into or sent from stays with its socket.</summary>
public sealed class ReadySocketTests : IDisposable
{
    private readonly Socket _client = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _server;

    public ReadySocketTests()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        _client.Connect(listener.LocalEndpoint);
        _server = listener.AcceptSocket();
        _server.Blocking = false;
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task Wait_LetsGoOfTheMemoryOfAnEarlierReceive()
    {
        WeakReference memory = await DoneReceiveAsync();

        using CancellationTokenSource parked = new();
        ValueTask<bool> waiting = _server.WaitAsync(parked.Token);
        await memory.IsLetGoAsync();
        await parked.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    [Fact]
    public async Task Put_ThatIsDone_LetsGoOfItsMemory()
    {
        WeakReference memory = await DonePutAsync();

        await memory.IsLetGoAsync();
        GC.KeepAlive(_server);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> DoneReceiveAsync()
    {
        byte[] memory = new byte[4096];
        WeakReference reference = new(memory);
        Task<int> receiving = _server.ReceiveAsync(memory, SocketFlags.None);
        Assert.False(receiving.IsCompleted);
        _client.Send([1]);
        Assert.Equal(1, await receiving.Soon());
        return reference;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> DonePutAsync()
    {
        byte[] memory = new byte[4096];
        Assert.Equal(memory.Length, await _server.PutAsync(memory, CancellationToken.None));
        return new WeakReference(memory);
    }
}
