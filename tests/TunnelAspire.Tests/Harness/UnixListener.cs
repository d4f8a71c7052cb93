using System.Net.Sockets;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Harness;

/// <summary>A unix socket that listens, in a folder of its own.</summary>
internal sealed class UnixListener : IDisposable
{
    public UnixListener()
    {
        Socket.Bind(new UnixDomainSocketEndPoint(Path));
        Socket.Listen();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("tunnelaspire-").FullName;

    public string Path => $"{Folder}/a.sock";

    public TargetAddress Target => new(Path, 0);

    public Socket Socket { get; } = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public void Dispose()
    {
        Socket.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
