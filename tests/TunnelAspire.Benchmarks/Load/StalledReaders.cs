using System.Net.Sockets;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>Connections on which the target sends without end and the client does not read, until it does.</summary>
internal sealed class StalledReaders : IDisposable
{
    private readonly List<Socket> _sockets = [];
    private readonly TimeSpan _patience;

    /// <summary>Opens them, and reads the first bytes of each.</summary>
    public StalledReaders(int port, int count, TimeSpan patience)
    {
        _patience = patience;
        byte[] buffer = new byte[1];
        for (int i = 0; i < count; i++)
        {
            Socket socket = Transfer.Connect(port, patience);
            _sockets.Add(socket);
            Transfer.SendAll(socket, new Opening(Request.Transfer, 0, long.MaxValue).ToBytes());
            Transfer.ReceivePattern(socket, 0, buffer.Length, buffer);
        }
    }

    /// <summary>Reads so many bytes on each, from where it stopped, and checks them.</summary>
    public void ReadOn(long bytes)
    {
        byte[] buffer = new byte[Pattern.Piece];
        try
        {
            foreach (Socket socket in _sockets)
            {
                Transfer.ReceivePattern(socket, 1, 1 + bytes, buffer);
            }
        }
        catch (Exception e) when (e is SocketException)
        {
            throw Transfer.Named(e, _patience);
        }
    }

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());
}
