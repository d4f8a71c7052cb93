using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Sockets;

public sealed class SocketEndTests : IDisposable
{
    private readonly Socket _peer;
    private readonly Socket _socket;

    public SocketEndTests() => (_peer, _socket) = SocketPair.Connect();

    public void Dispose()
    {
        _peer.Dispose();
        _socket.Dispose();
    }

    [Fact]
    public async Task Read_OfAnEndWithFirstBytes_GivesThemBeforeTheSockets()
    {
        SocketEnd end = new(new ReadySocket(_socket), "first"u8.ToArray());
        byte[] bytes = new byte[3];

        await end.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal(5, end.Available);
        Assert.Equal("fir", Encoding.ASCII.GetString(bytes, 0, await end.ReadAsync(bytes, CancellationToken.None).Soon()));
        Assert.Equal(2, end.Available);
        await end.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal("st", Encoding.ASCII.GetString(bytes, 0, await end.ReadAsync(bytes, CancellationToken.None).Soon()));

        await _peer.SendAsync("now"u8.ToArray()).Soon();
        await end.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal("now", Encoding.ASCII.GetString(bytes, 0, await end.ReadAsync(bytes, CancellationToken.None).Soon()));
    }

    [Theory]
    [InlineData(255, false)]
    [InlineData(256, false)]
    [InlineData(257, false)]
    [InlineData(10_000, false)]
    [InlineData(10_000, true)]
    public async Task Read_OfAMessageThatIsThere_GivesAllOfItAtOnce(int length, bool afterAWait)
    {
        SocketEnd end = new(new ReadySocket(_socket));
        await SendAsync(Pattern.Bytes(0, length));
        if (afterAWait)
        {
            await end.WaitAsync(CancellationToken.None).Soon();
            Assert.Equal(length, end.Available);
        }

        byte[] into = new byte[length + 1];
        Assert.Equal(length, await end.ReadAsync(into, CancellationToken.None).Soon());
        Assert.Equal(Pattern.Bytes(0, length), into[..length]);
        Assert.Equal(0, end.Available);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    public async Task Read_WithLessRoomThanIsThere_LeavesTheRestToTheNext(int room)
    {
        SocketEnd end = new(new ReadySocket(_socket));
        await SendAsync(Pattern.Bytes(0, 1000));
        _peer.Shutdown(SocketShutdown.Send);

        byte[] all = await ReadToEndAsync(end, room);

        Assert.Equal(Pattern.Bytes(0, 1000), all);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(300)]
    public async Task Read_AtTheEndOfTheStream_GivesWhatCameBefore_AndThenNothing(int length)
    {
        SocketEnd end = new(new ReadySocket(_socket));
        await SendAsync(Pattern.Bytes(0, length));
        _peer.Shutdown(SocketShutdown.Send);

        Assert.Equal(Pattern.Bytes(0, length), await ReadToEndAsync(end, 4096));
        Assert.Empty(await ReadToEndAsync(end, 4096));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(256, false)]
    [InlineData(256, true)]
    [InlineData(300, false)]
    public async Task Read_OfBytesBeforeAReset_GivesThem_AndThenTheReset(int length, bool afterAWait)
    {
        SocketEnd end = new(new ReadySocket(_socket));
        await SendAsync(Pattern.Bytes(0, length));
        _peer.LingerState = new LingerOption(true, 0);
        _peer.Close();

        byte[] into = new byte[4096];
        int count = 0;
        while (count < length)
        {
            await (afterAWait ? end.WaitAsync(CancellationToken.None) : ValueTask.CompletedTask).Soon();
            int read = await end.ReadAsync(into.AsMemory(count), CancellationToken.None).Soon();
            Assert.InRange(read, 1, length - count);
            count += read;
        }

        Assert.Equal(Pattern.Bytes(0, length), into[..count]);
        SocketException broken = await Assert.ThrowsAsync<SocketException>(() => end.ReadAsync(into, CancellationToken.None).Soon());
        Assert.Equal(SocketError.ConnectionReset, broken.SocketErrorCode);
    }

    [Fact]
    public async Task Read_OfBytesSeenThatAreGone_WaitsForMore()
    {
        SocketEnd end = new(new ReadySocket(_socket));
        await SendAsync([1]);
        await end.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal(1, _socket.Receive(new byte[1])); // somebody else has read it

        Task<int> reading = end.ReadAsync(new byte[8], CancellationToken.None).AsTask();
        Assert.False(reading.IsCompleted);
        _peer.Shutdown(SocketShutdown.Send);

        Assert.Equal(0, await reading.Soon());
    }

    [Fact]
    public async Task Wait_AfterBytesThatWereTakenBeforeTheirArrivalWasTold_Waits()
    {
        using CancellationTokenSource cancel = new();
        SocketEnd end = new(new ReadySocket(_socket));
        for (int i = 0; i < 200; i++)
        {
            await SendAsync([1]);
            Assert.Equal(1, end.Available);
            Assert.Equal(1, await end.ReadAsync(new byte[8], CancellationToken.None).Soon());
            await (i % 2 == 0 ? Task.Delay(1) : Task.CompletedTask); // told now, or in a moment
            Task waiting = Task.Run(() => end.WaitAsync(cancel.Token).AsTask());
            if (i == 199)
            {
                await cancel.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
            }
            else
            {
                await SendAsync([2]);
                await waiting.Soon();
                Assert.Equal(1, await end.ReadAsync(new byte[8], CancellationToken.None).Soon());
            }
        }
    }

    [Fact]
    public async Task Read_ThatIsCancelled_LetsGoOfItsMemory()
    {
        SocketEnd end = new(new ReadySocket(_socket));

        WeakReference memory = await CancelledReadAsync(end);

        await memory.IsLetGoAsync();
        GC.KeepAlive(end);
    }

    [Fact]
    public async Task Read_AfterOneThatWasCancelled_GetsAllThatCame()
    {
        SocketEnd end = new(new ReadySocket(_socket));
        await CancelledReadAsync(end);
        byte[] into = new byte[8];
        Task<int> reading = end.ReadAsync(into, CancellationToken.None).AsTask();
        await _peer.SendAsync(new byte[] { 1, 2, 3 }).Soon();

        Assert.Equal(3, await reading.Soon());
        Assert.Equal([1, 2, 3], into[..3]);
    }

    /// <summary>Sends, and waits until all of it can be received.</summary>
    private async Task SendAsync(byte[] bytes)
    {
        await _peer.SendAsync(bytes).Soon();
        await Waiting.UntilAsync(() => _socket.Available >= bytes.Length, "the bytes arrive");
    }

    private static async Task<byte[]> ReadToEndAsync(SocketEnd end, int room)
    {
        using MemoryStream all = new();
        byte[] into = new byte[room];
        for (int count; (count = await end.ReadAsync(into, CancellationToken.None).Soon()) > 0;)
        {
            all.Write(into, 0, count);
        }

        return all.ToArray();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> CancelledReadAsync(SocketEnd end)
    {
        using CancellationTokenSource cancel = new();
        byte[] memory = new byte[4096];
        WeakReference reference = new(memory);
        Task<int> reading = end.ReadAsync(memory, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        return reference;
    }
}
