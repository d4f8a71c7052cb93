using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Sockets;

/// <summary>An idle connection holds no buffer: nothing that was waited with, received into or sent from stays with its socket.</summary>
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
    public async Task Take_ThatIsCancelled_LetsGoOfItsMemory()
    {
        WeakReference memory = await CancelledTakeAsync();

        using CancellationTokenSource parked = new();
        ValueTask<bool> waiting = _server.WaitAsync(parked.Token);
        GC.Collect();
        Assert.False(memory.IsAlive);
        await parked.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    [Fact]
    public async Task Put_ThatIsDone_LetsGoOfItsMemory()
    {
        WeakReference memory = await DonePutAsync();

        GC.Collect();
        Assert.False(memory.IsAlive);
    }

    [Fact]
    public async Task Take_AfterOneThatWasCancelled_GetsAllThatCame()
    {
        await CancelledTakeAsync();
        byte[] into = new byte[8];
        Task<int> taking = _server.TakeAsync(into, seen: false, CancellationToken.None).AsTask();
        _client.Send([1, 2, 3]);

        Assert.Equal(3, await taking.Soon());
        Assert.Equal([1, 2, 3], into[..3]);
    }

    [Fact]
    public async Task Take_OfWhatHasOnlyBeenSeenOnce_WaitsForMore()
    {
        byte[] into = new byte[8];
        Task<int> taking = _server.TakeAsync(into, seen: true, CancellationToken.None).AsTask(); // somebody else has read it
        Assert.False(taking.IsCompleted);
        _client.Shutdown(SocketShutdown.Send);

        Assert.Equal(0, await taking.Soon());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> CancelledTakeAsync()
    {
        using CancellationTokenSource cancel = new();
        byte[] memory = new byte[4096];
        WeakReference reference = new(memory);
        Task<int> taking = _server.TakeAsync(memory, seen: false, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taking);
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
