using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>
/// A thread that waits for all sockets of some sessions, and goes on with whatever has waited for them (epoll(7), edge-triggered).
/// A socket stays with the thread on which it was made, so that those of a session mostly share one. Linux only.
/// </summary>
/// <remarks>
/// The framework's own waits ask the system once more for each message whether there is another: see decision 24.
/// </remarks>
internal sealed class SocketPoller
{
    private const int MostEvents = 256;

    // struct epoll_event is packed on x86 only.
    private static readonly int IdAt = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 4 : 8;
    private static readonly int EventSize = IdAt + sizeof(long);

    private static readonly SocketPoller[] All = OperatingSystem.IsLinux() ? [.. Enumerable.Range(0, Threads).Select(_ => new SocketPoller())] : [];
    private static int _next;

    [ThreadStatic]
    private static SocketPoller? _here;

    private readonly int _poll;
    private readonly Lock _lock = new(); // of what follows; places are read without it
    private readonly Stack<int> _free = [];
    private readonly List<Action> _afterRound = [];
    private readonly BusyPolling? _polling = BusyPolling.Chosen is { } time ? new(time) : null;
    private ReadySocket?[] _places = new ReadySocket?[64];
    private int _used;
    private int _registrations;

    private SocketPoller()
    {
        _poll = LinuxCalls.CreatePoll(0x80000); // EPOLL_CLOEXEC
        if (_poll < 0)
        {
            throw new SocketException(Marshal.GetLastPInvokeError());
        }

        new Thread(Run) { IsBackground = true, Name = "Sockets" }.UnsafeStart();
    }

    /// <summary>As many as the framework is told to have.</summary>
    private static int Threads =>
        int.TryParse(Environment.GetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture, out int threads) && threads > 0
            ? threads
            : Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Which of them this thread is; -1: none.</summary>
    public static int Here => _here is null ? -1 : Array.IndexOf(All, _here);

    /// <summary>This thread where it is one of them, else one after the other; null where the system has none.</summary>
    public static SocketPoller? Choose() =>
        All.Length == 0 ? null : _here ?? All[(uint)Interlocked.Increment(ref _next) % All.Length];

    /// <summary>
    /// Does something once all that this thread has been told together has been dealt with; false where this is not one of the
    /// threads. What is sent then goes out as one.
    /// </summary>
    public static bool AfterRound(Action action)
    {
        _here?._afterRound.Add(action);
        return _here is not null;
    }

    /// <summary>From now on the socket is told what happens to it.</summary>
    /// <exception cref="SocketException">The system takes no more.</exception>
    public void Add(ReadySocket socket)
    {
        long id;
        lock (_lock)
        {
            if (!_free.TryPop(out int place))
            {
                place = _used++;
                if (place == _places.Length)
                {
                    Array.Resize(ref _places, 2 * place);
                }
            }

            id = ((long)++_registrations << 32) | (uint)place;
            socket.Id = id;
            Volatile.Write(ref _places[place], socket);
        }

        Span<byte> polled = stackalloc byte[EventSize];
        BinaryPrimitives.WriteUInt32LittleEndian(polled, LinuxCalls.Readable | LinuxCalls.Writable | LinuxCalls.PeerDone | LinuxCalls.OnChange);
        BinaryPrimitives.WriteInt64LittleEndian(polled[IdAt..], id);
        if (LinuxCalls.Control(_poll, LinuxCalls.Add, socket.Socket.SafeHandle, in polled[0]) != 0)
        {
            Remove(socket);
            throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
        }
    }

    /// <summary>The socket is told nothing any more. Where it is not closed, it must be taken out besides.</summary>
    public void Remove(ReadySocket socket)
    {
        lock (_lock)
        {
            if (socket.Id != 0)
            {
                _places[(int)socket.Id] = null;
                _free.Push((int)socket.Id);
                socket.Id = 0;
            }
        }
    }

    /// <summary>The system forgets the socket, which goes on elsewhere.</summary>
    public void TakeOut(ReadySocket socket)
    {
        Span<byte> none = stackalloc byte[EventSize];
        _ = LinuxCalls.Control(_poll, LinuxCalls.Remove, socket.Socket.SafeHandle, in none[0]);
    }

    /// <summary>A receive has brought so many bytes.</summary>
    public void Received(int count) => _polling?.Received(count);

    private void Run()
    {
        _here = this;
        byte[] events = new byte[MostEvents * EventSize];
        while (true)
        {
            int count = Wait(events);
            if (count < 0 && Marshal.GetLastPInvokeError() is not LinuxCalls.Interrupted and var error)
            {
                Environment.FailFast($"epoll_wait: error {error}");
            }

            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> polled = events.AsSpan(i * EventSize, EventSize);
                Tell(BinaryPrimitives.ReadInt64LittleEndian(polled[IdAt..]), BinaryPrimitives.ReadUInt32LittleEndian(polled));
            }

            EndRound();
        }
    }

    private void EndRound()
    {
        for (int i = 0; i < _afterRound.Count; i++) // one may bring about another
        {
            _afterRound[i]();
        }

        _afterRound.Clear();
    }

    private int Wait(byte[] events)
    {
        if (_polling is null)
        {
            return LinuxCalls.Wait(_poll, ref events[0], MostEvents, -1);
        }

        long begun = Stopwatch.GetTimestamp();
        int count = _polling.PaysOff ? Ask(events, begun + _polling.Ticks) : 0;
        if (count == 0)
        {
            count = LinuxCalls.Wait(_poll, ref events[0], MostEvents, -1);
        }

        _polling.Waited(Stopwatch.GetTimestamp() - begun);
        return count;
    }

    /// <summary>Asks again and again; whoever else wants the processor has it in between.</summary>
    private int Ask(byte[] events, long until)
    {
        int count;
        while ((count = LinuxCalls.Wait(_poll, ref events[0], MostEvents, 0)) == 0 && Stopwatch.GetTimestamp() < until)
        {
            Thread.Yield();
        }

        return count;
    }

    private void Tell(long id, uint what)
    {
        ReadySocket? socket = Volatile.Read(ref Volatile.Read(ref _places)[(int)id]);
        if (socket?.Id == id)
        {
            socket.Tell(what);
        }
    }
}
