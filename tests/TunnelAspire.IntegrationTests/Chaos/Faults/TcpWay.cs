using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>A way to a port of this machine, which can be barred, slow or silent, and whose connections can be cut after so many bytes.</summary>
internal sealed class TcpWay : IDisposable
{
    private readonly ConcurrentDictionary<Crossed, byte> _standing = new();
    private readonly Socket _listener = Loopback.Listen(out _);
    private volatile bool _barred;
    private volatile Task _silence = Task.CompletedTask;
    private long _delay;

    /// <summary>A connection that passes here.</summary>
    private sealed class Crossed(Socket from, Socket to)
    {
        /// <summary>Bytes until it breaks.</summary>
        public long Left = long.MaxValue;

        public Socket From => from;

        public Socket To => to;
    }

    public TcpWay() => _ = AcceptAsync();

    /// <summary>Where it leads; may change.</summary>
    public int To { get; set; }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Standing connections break, and new ones too, until the way is free again.</summary>
    public void Bar(bool barred)
    {
        _barred = barred;
        if (barred)
        {
            Cut();
        }
    }

    /// <summary>Each piece of bytes waits so long.</summary>
    public void Slow(TimeSpan delay) => Interlocked.Exchange(ref _delay, (long)delay.TotalMilliseconds);

    /// <summary>Bytes wait until this has completed; neither end is told.</summary>
    public void Silence(Task until) => _silence = until;

    /// <summary>Each standing connection breaks after no more than so many bytes, counted in both directions.</summary>
    public void CutAfter(int bytes, Weather weather)
    {
        foreach (Crossed crossed in _standing.Keys)
        {
            Interlocked.Exchange(ref crossed.Left, weather.Below(bytes));
        }
    }

    /// <summary>All standing connections break now.</summary>
    public void Cut()
    {
        foreach (Crossed crossed in _standing.Keys)
        {
            End(crossed);
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = PassAsync(await _listener.AcceptAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(Socket from)
    {
        Crossed crossed = new(from, new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        from.NoDelay = crossed.To.NoDelay = true;
        _standing[crossed] = 0;
        try
        {
            if (!_barred)
            {
                await crossed.To.ConnectAsync(IPAddress.Loopback, To);
                await Task.WhenAll(PumpAsync(crossed, from, crossed.To), PumpAsync(crossed, crossed.To, from));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One of the ends has gone, or nobody listens there.
        }
        finally
        {
            End(crossed);
        }
    }

    private async Task PumpAsync(Crossed crossed, Socket from, Socket to)
    {
        byte[] buffer = new byte[32 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0 && Interlocked.Add(ref crossed.Left, -count) > 0)
            {
                await _silence;
                if (Interlocked.Read(ref _delay) is > 0 and var delay)
                {
                    await Task.Delay((int)delay);
                }

                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut, here or at an end.
        }

        End(crossed); // none of what passes here half-closes
    }

    private void End(Crossed crossed)
    {
        if (_standing.TryRemove(crossed, out _))
        {
            crossed.From.Dispose();
            crossed.To.Dispose();
        }
    }
}
