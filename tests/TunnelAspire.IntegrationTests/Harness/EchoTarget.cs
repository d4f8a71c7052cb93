using System.Globalization;
using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Harness;

/// <summary>A target that sends back what it gets, on any number of connections, and half-closes when its client does.</summary>
public sealed class EchoTarget : IDisposable
{
    private const int Backlog = 4096;
    private readonly Socket _listener = Loopback.Listen(out _);

    public EchoTarget()
    {
        _listener.Listen(Backlog);
        _ = AcceptAsync();
    }

    public int Port => ((System.Net.IPEndPoint)_listener.LocalEndPoint!).Port;

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = EchoAsync(await _listener.AcceptAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static async Task EchoAsync(Socket socket)
    {
        using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            await stream.CopyToAsync(stream, 16 * 1024);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The session was reset.
        }
    }
}
