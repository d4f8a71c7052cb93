using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Sockets;

/// <summary>On the tunnel's own threads, where the system has them.</summary>
public sealed class ReadySocketTests() : ReadySocketContract(socket => new ReadySocket(socket))
{
    [Fact]
    public async Task Wait_OfTwoAtOnce_IsRefused()
    {
        using CancellationTokenSource cancel = new();
        Task first = Socket.WaitAsync(cancel.Token).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(() => Socket.WaitAsync(CancellationToken.None).AsTask());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.Soon());
    }
}

/// <summary>As on systems that have none.</summary>
public sealed class FrameworksReadySocketTests() : ReadySocketContract(socket => new ReadySocket(socket, dialled: null, poller: null));

public abstract class ReadySocketContract : IDisposable
{
    private readonly Socket _peer;
    private readonly ReadySocket _socket;

    protected ReadySocketContract(Func<Socket, ReadySocket> make)
    {
        (_peer, Socket accepted) = SocketPair.Connect();
        _socket = make(accepted);
    }

    protected ReadySocket Socket => _socket;

    public void Dispose()
    {
        _peer.Dispose();
        _socket.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task End_OnSuchASocket_TellsBytesAndTheirEnd()
    {
        SocketEnd end = new(_socket);
        _peer.Send([1, 2]);
        await end.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal(2, await end.ReadAsync(new byte[8], CancellationToken.None).Soon());
        Task waiting = end.WaitAsync(CancellationToken.None).AsTask();
        _peer.Shutdown(SocketShutdown.Send);

        await waiting.Soon();
        Assert.Equal(0, await end.ReadAsync(new byte[8], CancellationToken.None).Soon());
    }

    [Fact]
    public async Task Receive_ThatIsCancelled_LetsGoOfItsMemory()
    {
        WeakReference memory = await CancelledReceiveAsync();

        await memory.IsLetGoAsync();
        GC.KeepAlive(_socket);
    }

    [Fact]
    public async Task Put_ThatIsDone_LetsGoOfItsMemory()
    {
        WeakReference memory = await DonePutAsync();

        await memory.IsLetGoAsync();
        GC.KeepAlive(_socket);
    }

    [Fact]
    public async Task Receive_AfterOneThatWasCancelled_GetsAllThatCame()
    {
        await CancelledReceiveAsync();
        byte[] into = new byte[8];
        Task<int> receiving = _socket.ReceiveAsync(into, CancellationToken.None).AsTask();
        _peer.Send([1, 2, 3]);

        Assert.Equal(3, await receiving.Soon());
        Assert.Equal([1, 2, 3], into[..3]);
    }

    [Fact]
    public async Task Receive_OfBytesAndTheirEndTogether_GetsBoth()
    {
        _peer.Send([1, 2, 3]);
        _peer.Shutdown(SocketShutdown.Send);
        await Task.Delay(20); // one event may tell of both

        Assert.Equal(3, await _socket.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        Assert.Equal(0, await _socket.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        Assert.Equal(0, await _socket.ReceiveAsync(new byte[8], CancellationToken.None).Soon());
        await _socket.WaitAsync(CancellationToken.None).AsTask().Soon();
        Assert.Equal(0, _socket.Look(new byte[8], out SocketError error));
        Assert.Equal(SocketError.Success, error);
    }

    [Fact]
    public async Task Receive_IntoLessThanIsThere_IsFollowedByTheRest()
    {
        _peer.Send([1, 2, 3, 4, 5]);
        byte[] into = new byte[2];

        Assert.Equal(2, await _socket.ReceiveAsync(into, CancellationToken.None).Soon());
        Assert.Equal(2, await _socket.ReceiveAsync(into, CancellationToken.None).Soon());
        Assert.Equal(1, await _socket.ReceiveAsync(into, CancellationToken.None).Soon());
        Assert.Equal(5, into[0]);
    }

    [Fact]
    public async Task Receive_AfterAReset_Fails()
    {
        Task<int> receiving = _socket.ReceiveAsync(new byte[8], CancellationToken.None).AsTask();
        _peer.Close(0);

        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => receiving.Soon())).SocketErrorCode);
    }

    [Fact]
    public async Task Look_LeavesWhatItShows()
    {
        _peer.Send([7, 8]);
        await _socket.WaitAsync(CancellationToken.None).AsTask().Soon();

        Assert.Equal(2, _socket.Look(new byte[8], out _));
        Assert.Equal(2, _socket.Look(new byte[8], out _));
        byte[] taken = new byte[2];
        _socket.Take(taken, more: false);
        Assert.Equal([7, 8], taken);
        Assert.Equal(0, _socket.Look(new byte[8], out SocketError error));
        Assert.Equal(SocketError.WouldBlock, error);
    }

    [Fact]
    public async Task Wait_AfterAllThatWasShownIsTaken_IsForMore()
    {
        _peer.Send([7]);
        await _socket.WaitAsync(CancellationToken.None).AsTask().Soon();
        _socket.Look(new byte[8], out _);
        _socket.Take(new byte[1], more: false);
        Task more = _socket.WaitAsync(CancellationToken.None).AsTask();

        Assert.False(more.IsCompleted);
        _peer.Send([8]);
        await more.Soon();
        Assert.Equal(1, _socket.Receive(new byte[8], SocketFlags.None, out _));
    }

    [Fact]
    public async Task Wait_AfterAPartOfWhatWasShownIsTaken_IsOverAtOnce()
    {
        _peer.Send([7, 8]);
        await _socket.WaitAsync(CancellationToken.None).AsTask().Soon();
        Assert.Equal(2, _socket.Look(new byte[8], out _));
        _socket.Take(new byte[1], more: true);

        await _socket.WaitAsync(CancellationToken.None).AsTask().Soon();
        Assert.Equal(1, _socket.Receive(new byte[8], SocketFlags.None, out _));
    }

    [Fact]
    public async Task Wait_ForASocketThatIsClosed_Ends()
    {
        Task<int> receiving = _socket.ReceiveAsync(new byte[8], CancellationToken.None).AsTask();
        _socket.Dispose();

        Assert.Equal(SocketError.OperationAborted, (await Assert.ThrowsAsync<SocketException>(() => receiving.Soon())).SocketErrorCode);
        await Assert.ThrowsAsync<SocketException>(() => _socket.PutAsync(new byte[1], CancellationToken.None).AsTask());
    }

    [Fact]
    public async Task Put_OfMoreThanThereIsRoomFor_WaitsForRoom()
    {
        byte[] sent = new byte[8 * 1024 * 1024];
        new Random(1).NextBytes(sent);
        Task sending = SendAsync(sent);
        byte[] received = new byte[sent.Length];
        for (int count = 0; count < received.Length;)
        {
            count += await _peer.ReceiveAsync(received.AsMemory(count, Math.Min(50_000, received.Length - count))).AsTask().Soon();
        }

        await sending.Soon();
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Messages_OfManySizes_AllWakeTheirReader()
    {
        Random random = new(20261127);
        using ReadySocket peer = new(_peer);
        Task echo = EchoAsync(peer);
        byte[] message = new byte[600];
        byte[] answer = new byte[256];
        for (int i = 0; i < 20_000; i++)
        {
            int length = random.Next(1, message.Length);
            await _socket.PutAsync(message.AsMemory(0, length), CancellationToken.None).Soon();
            for (int left = length; left > 0;)
            {
                left -= await _socket.ReceiveAsync(answer, CancellationToken.None).Soon();
            }
        }

        _socket.Socket.Shutdown(SocketShutdown.Send);
        await echo.Soon();
    }

    [Fact]
    public async Task Waits_ThatAreCancelledWhenBytesCome_LoseNone()
    {
        byte[] one = new byte[1];
        long received = 0;
        for (int i = 0; i < 5_000; i++)
        {
            using CancellationTokenSource cancel = new();
            Task<int> receiving = _socket.ReceiveAsync(one, cancel.Token).AsTask();
            Task cancelling = Task.Run(cancel.Cancel);
            _peer.Send([1]);
            try
            {
                received += await receiving.Soon();
            }
            catch (OperationCanceledException)
            {
                received += await _socket.ReceiveAsync(one, CancellationToken.None).Soon();
            }

            await cancelling;
        }

        Assert.Equal(5_000, received);
    }

    [Fact]
    public async Task Connect_KnowsBothAddresses()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using ReadySocket connected = await ReadySocket.ConnectAsync(listener.LocalEndpoint, CancellationToken.None).Soon();
        using Socket accepted = await listener.AcceptSocketAsync().Soon();

        Assert.Equal(accepted.RemoteEndPoint, connected.LocalEndPoint);
        Assert.Equal(listener.LocalEndpoint, connected.RemoteEndPoint);
        accepted.Send([1]);
        Assert.Equal(1, await connected.ReceiveAsync(new byte[4], CancellationToken.None).Soon());
        connected.Dispose();
        Assert.Null(connected.LocalEndPoint);
    }

    [Fact]
    public async Task Connect_ToNobody_IsRefused()
    {
        using TcpListener listener = new(IPAddress.IPv6Loopback, 0);
        listener.Start();
        EndPoint nobody = listener.LocalEndpoint;
        listener.Stop();

        SocketException refusal = await Assert.ThrowsAsync<SocketException>(() => ReadySocket.ConnectAsync(nobody, CancellationToken.None).Soon());
        Assert.Equal(SocketError.ConnectionRefused, refusal.SocketErrorCode);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadySocket.ConnectAsync(nobody, new CancellationToken(true)).Soon());
    }

    [Fact]
    public async Task Accept_TakesOneAfterTheOther()
    {
        Socket listening = new(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        using ReadySocket listener = new(listening);
        Task<Socket> accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        List<Socket> clients = [.. Enumerable.Range(0, 3).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp))];
        clients.ForEach(client => client.Connect(listening.LocalEndPoint!));
        for (int i = 0; i < 3; i++)
        {
            using Socket accepted = await (i == 0 ? accepting : listener.AcceptAsync(CancellationToken.None).AsTask()).Soon();
            Assert.Contains(clients, client => client.LocalEndPoint!.Equals(accepted.RemoteEndPoint));
        }

        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Leave_LetsTheSocketGoOnElsewhere()
    {
        Socket left = _socket.Leave();
        Task<int> receiving = left.ReceiveAsync(new byte[4], SocketFlags.None);
        _peer.Send([1, 2]);

        Assert.Equal(2, await receiving.Soon());
    }

    private static async Task EchoAsync(ReadySocket peer)
    {
        byte[] buffer = new byte[400];
        while (await peer.ReceiveAsync(buffer, CancellationToken.None).Soon() is > 0 and var count)
        {
            await peer.PutAsync(buffer.AsMemory(0, count), CancellationToken.None).Soon();
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.PutAsync(bytes, CancellationToken.None)..];
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> CancelledReceiveAsync()
    {
        using CancellationTokenSource cancel = new();
        byte[] memory = new byte[4096];
        WeakReference reference = new(memory);
        Task<int> receiving = _socket.ReceiveAsync(memory, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
        return reference;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> DonePutAsync()
    {
        byte[] memory = new byte[4096];
        Assert.Equal(memory.Length, await _socket.PutAsync(memory, CancellationToken.None));
        return new WeakReference(memory);
    }
}
