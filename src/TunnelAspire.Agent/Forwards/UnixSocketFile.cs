using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace TunnelAspire.Agent.Forwards;

/// <summary>The file of a unix socket to listen on. It is open to its owner only, and goes with the socket.</summary>
internal static class UnixSocketFile
{
    /// <summary>A socket bound to the path. A socket that an agent left behind when it was killed is replaced.</summary>
    /// <exception cref="SocketException">It cannot be bound: something else is there, or somebody listens.</exception>
    /// <exception cref="IOException">Its folder is not there.</exception>
    public static Socket Bind(UnixDomainSocketEndPoint address)
    {
        string path = address.ToString();
        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new IOException($"cannot listen on {path}: its folder does not exist");
        }

        if (NobodyListens(address) && IsSocket(path))
        {
            File.Delete(path);
        }

        Socket socket = New();
        try
        {
            socket.Bind(address);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite); // nobody can connect before it listens
            }

            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool NobodyListens(UnixDomainSocketEndPoint address)
    {
        using Socket probe = New();
        try
        {
            probe.Connect(address);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused; // ordinary files refuse as well
        }
    }

    /// <summary>A socket is the one kind of file that exists and cannot be opened. Opening a pipe for both does not wait.</summary>
    private static bool IsSocket(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false; // not this user's
        }
    }

    private static Socket New() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
}
