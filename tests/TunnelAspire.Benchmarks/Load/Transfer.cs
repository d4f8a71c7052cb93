using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>One connection that carries many bytes, up, down or both at once. Both ends check every byte. Blocking calls on threads of its own.</summary>
internal static class Transfer
{
    /// <summary>Carries the bytes; returns the seconds from the request to the last byte of either direction.</summary>
    /// <exception cref="LoadException">Bytes were wrong or missing, or nothing moved for <paramref name="patience"/>.</exception>
    public static double Run(int port, long up, long down, TimeSpan patience)
    {
        using Socket socket = Connect(port, patience);
        long begun = Stopwatch.GetTimestamp();
        SendAll(socket, new Opening(Request.Transfer, up, down).ToBytes());
        Exception? sending = null;
        Thread sender = new(() => sending = Caught(() => SendPattern(socket, up)));
        sender.Start();
        Exception? receiving = Caught(() => ReceivePattern(socket, 0, down, new byte[Pattern.Piece]));
        if (receiving is not null)
        {
            socket.Dispose(); // so that the sender does not wait for a contestant that has failed
        }

        sender.Join(); // only now: the target's answer may be waited for as long as patience allows, not the whole transfer
        Exception? failure = receiving ?? sending ?? Caught(() => ReceiveVerdict(socket, up));
        return failure is null ? Stopwatch.GetElapsedTime(begun).TotalSeconds : throw Named(failure, patience);
    }

    /// <summary>A blocking connection to the contestant; no call on it waits longer than <paramref name="patience"/>.</summary>
    public static Socket Connect(int port, TimeSpan patience)
    {
        int milliseconds = (int)patience.TotalMilliseconds;
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = milliseconds,
            SendTimeout = milliseconds,
        };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new LoadException($"connecting failed: {e.Message}", e);
        }
    }

    public static void SendPattern(Socket socket, long bytes)
    {
        for (long sent = 0; sent < bytes;)
        {
            sent += socket.Send(Pattern.At(sent, bytes - sent));
        }
    }

    /// <summary>Receives the pattern from <paramref name="from"/> on.</summary>
    public static void ReceivePattern(Socket socket, long from, long to, byte[] buffer)
    {
        for (long at = from; at < to;)
        {
            int count = socket.Receive(buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - at)));
            if (count == 0 || !Pattern.Fits(buffer.AsSpan(0, count), at))
            {
                throw new LoadException(count == 0 ? $"closed after {at} of {to} bytes" : $"wrong bytes after {at}");
            }

            at += count;
        }
    }

    /// <summary>The number that the target says: how many bytes were right.</summary>
    public static long ReceiveNumber(Socket socket)
    {
        byte[] number = new byte[8];
        for (int count = 0; count < number.Length;)
        {
            int more = socket.Receive(number.AsSpan(count));
            count += more > 0 ? more : throw new LoadException("closed before the target's answer");
        }

        return BinaryPrimitives.ReadInt64LittleEndian(number);
    }

    public static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    /// <summary>What it means that a socket failed so.</summary>
    public static LoadException Named(Exception failure, TimeSpan patience) => failure switch
    {
        LoadException load => load,
        SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock } =>
            new LoadException($"stalls: nothing for {patience.TotalSeconds} s", failure),
        _ => new LoadException(failure.Message, failure),
    };

    private static void ReceiveVerdict(Socket socket, long up)
    {
        if (ReceiveNumber(socket) != up)
        {
            throw new LoadException($"of {up} bytes up not all were right");
        }
    }

    private static Exception? Caught(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e) when (e is SocketException or LoadException or ObjectDisposedException)
        {
            return e;
        }
    }
}
