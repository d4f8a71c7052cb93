using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace TunnelAspire.Protocol.Sockets;

/// <summary>The calls of Linux that a <see cref="SocketPoller"/> is made of (epoll(7)), and those that the framework makes only together with waits of its own.</summary>
internal static partial class LinuxCalls
{
    public const uint Readable = 0x1; // EPOLLIN
    public const uint Writable = 0x4; // EPOLLOUT
    public const uint PeerDone = 0x2000; // EPOLLRDHUP
    public const uint Broken = 0x8 | 0x10; // EPOLLERR, EPOLLHUP
    public const uint Over = Broken | PeerDone;
    public const uint OnChange = 1u << 31; // EPOLLET

    public const int Add = 1;
    public const int Remove = 2;

    public const int Interrupted = 4; // EINTR

    private const int InProgress = 115; // EINPROGRESS

    /// <summary>Begins to connect a socket that does not block.</summary>
    /// <exception cref="SocketException">It is refused at once.</exception>
    public static void Connect(Socket socket, EndPoint address)
    {
        SocketAddress name = address.Serialize();
        if (connect(socket.SafeHandle, in name.Buffer.Span[0], (uint)name.Size) != 0 && Marshal.GetLastPInvokeError() is not InProgress and var error)
        {
            throw new SocketException((int)Named(error));
        }
    }

    /// <summary>The socket's own address; null where it has none any more.</summary>
    public static EndPoint? LocalAddress(Socket socket, EndPoint like)
    {
        SocketAddress name = new(like.AddressFamily);
        uint size = (uint)name.Size;
        if (getsockname(socket.SafeHandle, ref name.Buffer.Span[0], ref size) != 0 || size > name.Size)
        {
            return null;
        }

        name.Size = (int)size;
        return like.Create(name);
    }

    /// <summary>A new epoll instance (epoll_create1(2)).</summary>
    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int CreatePoll(int flags);

    /// <summary>epoll_ctl(2).</summary>
    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int Control(int poll, int operation, SafeSocketHandle socket, in byte polled);

    /// <summary>epoll_wait(2).</summary>
    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int Wait(int poll, ref byte events, int most, int milliseconds);

#pragma warning disable IDE1006, SA1300 // as the system names them
    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(SafeSocketHandle socket, in byte address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(SafeSocketHandle socket, ref byte address, ref uint length);
#pragma warning restore IDE1006, SA1300

    /// <summary>What the framework calls an error of connect(2).</summary>
    private static SocketError Named(int error) => error switch
    {
        13 or 1 => SocketError.AccessDenied, // EACCES, EPERM: a firewall of this machine's
        22 => SocketError.InvalidArgument,
        97 => SocketError.AddressFamilyNotSupported,
        99 => SocketError.AddressNotAvailable,
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        104 => SocketError.ConnectionReset,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    };
}
