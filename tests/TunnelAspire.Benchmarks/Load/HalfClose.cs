using System.Net.Sockets;
using System.Security.Cryptography;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>One side ends its stream and the other goes on: first the client, then the target.</summary>
internal static class HalfClose
{
    private const int Bytes = 1024 * 1024;

    /// <summary>Returns when both have passed.</summary>
    /// <exception cref="LoadException">One did not; the message says which.</exception>
    public static void Run(int port, TimeSpan patience)
    {
        Try("the client's", patience, () => ClientFirst(port, patience));
        Try("the target's", patience, () => TargetFirst(port, patience));
    }

    private static void ClientFirst(int port, TimeSpan patience)
    {
        using Socket socket = Transfer.Connect(port, patience);
        Transfer.SendAll(socket, new Opening(Request.Count).ToBytes());
        Transfer.SendPattern(socket, Bytes);
        socket.Shutdown(SocketShutdown.Send);
        Expect(Transfer.ReceiveNumber(socket));
        ExpectEnd(socket);
    }

    private static void TargetFirst(int port, TimeSpan patience)
    {
        long number = RandomNumberGenerator.GetInt32(int.MaxValue);
        using (Socket socket = Transfer.Connect(port, patience))
        {
            Transfer.SendAll(socket, new Opening(Request.EndFirst, number).ToBytes());
            ExpectEnd(socket);
            Transfer.SendPattern(socket, Bytes);
            socket.Shutdown(SocketShutdown.Send);
        }

        using Socket asking = Transfer.Connect(port, patience);
        Transfer.SendAll(asking, new Opening(Request.Recall, number).ToBytes());
        Expect(Transfer.ReceiveNumber(asking));
    }

    private static void Expect(long right)
    {
        if (right != Bytes)
        {
            throw new LoadException("bytes were lost");
        }
    }

    private static void ExpectEnd(Socket socket)
    {
        if (socket.Receive(new byte[1]) != 0)
        {
            throw new LoadException("bytes instead of the end");
        }
    }

    private static void Try(string whose, TimeSpan patience, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is SocketException or LoadException)
        {
            throw new LoadException($"{whose} half-close: {Transfer.Named(e, patience).Message}", e);
        }
    }
}
