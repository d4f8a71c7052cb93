using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>
/// A load balancer for HTTP/1.1 with everything that can befall messages: each request goes to some relay, bodies pass as they
/// arrive, and faults happen as <see cref="Weather"/> says.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<Leg, Task> _clients = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Weather _weather;
    private readonly Crossing _crossing;
    private readonly Task _accepting;

    /// <summary>Listens at the address, on a port of the system's choice.</summary>
    public FaultProxy(IPAddress address, Weather weather)
    {
        _weather = weather;
        _crossing = new Crossing(Relays, weather);
        _listener.Bind(new IPEndPoint(address, 0));
        _listener.Listen(1024);
        _accepting = AcceptAsync();
    }

    public Upstreams Relays { get; } = new();

    public string Url => $"http://{_listener.LocalEndPoint}";

    /// <summary>Connections from agents now.</summary>
    public int Connections => _clients.Count;

    /// <summary>All standing connections break.</summary>
    public void Cut()
    {
        foreach (Leg leg in _clients.Keys)
        {
            leg.Dispose();
        }

        Relays.Drop();
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        Cut();
        await _accepting;
        await Task.WhenAll(_clients.Values);
        Relays.Dispose();
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                if (await TryAcceptAsync() is not { } socket)
                {
                    continue;
                }

                socket.NoDelay = true;
                Leg client = new(socket);
                TaskCompletionSource known = new();
                _clients[client] = ServeAsync(client, known.Task);
                known.SetResult();
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            // The test is over.
        }
    }

    /// <summary>The next connection; nothing where it broke before it could be taken.</summary>
    private async Task<Socket?> TryAcceptAsync()
    {
        try
        {
            return await _listener.AcceptAsync(_over.Token);
        }
        catch (SocketException) when (!_over.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task ServeAsync(Leg client, Task known)
    {
        await known;
        try
        {
            while (await client.HeadAsync(_over.Token) is { } request && await _crossing.PassAsync(client, request, _weather.Next(), _over.Token))
            {
                // The connection stands for the next request.
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Somebody left, or was made to leave: a reset, or an end without one.
            if (_weather.Below(2) == 0)
            {
                client.Reset();
            }
        }
        finally
        {
            client.Dispose();
            _clients.TryRemove(client, out _);
        }
    }
}
