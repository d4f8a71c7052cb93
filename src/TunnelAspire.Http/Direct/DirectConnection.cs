using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// A connection as long as its requests are plain ones. The first that is something else stays unread, and goes with the connection to
/// the web server.
/// </summary>
/// <remarks>
/// 1. Wait for a request, empty-handed. 2. Look at its head without taking it. 3. Take it, and let the endpoint answer. 4. End the
/// answer. While a request that has come whole is answered, the next arrival is waited for already: it may be the client's end.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A CancellationTokenSource without a timer holds nothing to dispose.")]
internal sealed class DirectConnection(ReadySocket socket, DirectRequests requests, CancellationToken stopping)
{
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(130); // the web server's default
    private static readonly TimeSpan PassOverLimit = TimeSpan.FromSeconds(5); // the web server's, too
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _aborted = new();
    private readonly Deadline _idle = new(stopping);
    private readonly DirectHead _head = new();
    private DirectExchange? _exchange;
    private Task<bool>? _arrival;

    /// <summary>Serves requests; returns whether the connection goes on, for somebody else.</summary>
    public async Task<bool> ServeAsync()
    {
        try
        {
            while (await ArrivedAsync() && !stopping.IsCancellationRequested)
            {
                if (!TryBegin())
                {
                    return true;
                }

                if (!await AnswerAsync(_exchange!))
                {
                    await LetGoAsync();
                    break;
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has gone, or was idle for too long, or the server stops.
        }
        finally
        {
            _idle.Dispose();
        }

        return false;
    }

    /// <summary>Waits for the next request; false at the end of the connection.</summary>
    private async ValueTask<bool> ArrivedAsync()
    {
        Task<bool>? arrival = _arrival;
        _arrival = null;
        _idle.After(IdleLimit);
        bool arrived = await (arrival is null ? socket.ArrivesAsync(_idle.Token) : new(arrival.IsCompleted ? arrival : arrival.WaitAsync(_idle.Token)));
        _idle.After(Timeout.InfiniteTimeSpan);
        return arrived;
    }

    /// <summary>Looks at the next request's head; where it is to be served here, takes it and what has come of its body, and begins.</summary>
    private bool TryBegin()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(DirectHead.MostBytes);
        try
        {
            int count = socket.Receive(buffer.AsSpan(0, DirectHead.MostBytes), SocketFlags.Peek, out SocketError error);
            if (error != SocketError.Success)
            {
                throw new SocketException((int)error);
            }

            if (!_head.TryRead(buffer.AsSpan(0, count)))
            {
                return false;
            }

            int body = (int)Math.Min(count - _head.Length, _head.BodyLength ?? int.MaxValue);
            count = socket.Receive(buffer.AsSpan(0, _head.Length + body), SocketFlags.None, out _);
            _exchange ??= new DirectExchange(socket, _head, requests.Services, Abort, _aborted.Token);
            _exchange.Begin(buffer.AsSpan(_head.Length..count));
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Lets the endpoint answer; returns whether the connection may go on.</summary>
    private async Task<bool> AnswerAsync(DirectExchange exchange)
    {
        try
        {
            if (exchange.BodyReader.HasAll)
            {
                _ = WatchAsync();
            }

            exchange.Closes |= stopping.IsCancellationRequested;
            await (_head.Session.Length > 0 ? requests.AnswerAsync(exchange.Context()) : requests.Application!(exchange.Features()));
            if (_aborted.IsCancellationRequested)
            {
                return false;
            }

            await exchange.CompleteAsync();
            return await PassOverAsync(exchange.BodyReader) && !exchange.Closes;
        }
        catch (Exception e) when (e is BadHttpRequestException or IOException)
        {
            return false; // the body or the answer cannot be ended in order: the client sees that it was cut
        }
        catch (Exception e) when (e is not (SocketException or OperationCanceledException or ObjectDisposedException))
        {
            requests.LogFault(e);
            await exchange.FailAsync();
            return false;
        }
        finally
        {
            exchange.BodyReader.End();
            await exchange.EndAsync();
        }
    }

    /// <summary>
    /// Ends the connection so that its last answer arrives: a socket that is closed with bytes unread resets it, and the client may
    /// lose what it has not read yet. So the client is told the end, and what it still sends is dropped, for a moment.
    /// </summary>
    private async ValueTask LetGoAsync()
    {
        if (_aborted.IsCancellationRequested || _exchange is not { BodyWriter.Whole: true })
        {
            return;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_aborted.Token);
        limit.CancelAfter(FarewellLimit);
        byte[] dropped = ArrayPool<byte>.Shared.Rent(DirectHead.MostBytes);
        try
        {
            socket.Socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(dropped, limit.Token) > 0)
            {
                // Nobody wants it.
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(dropped);
        }
    }

    /// <summary>Waits for what comes next while the endpoint is at work: the client may go away.</summary>
    private async Task WatchAsync()
    {
        Task<bool> arrival = socket.ArrivesAsync(_aborted.Token).AsTask();
        _arrival = arrival;
        try
        {
            if (!await arrival)
            {
                await _aborted.CancelAsync();
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            await _aborted.CancelAsync(); // gone with a reset, or by our own end
        }
    }

    /// <summary>Reads the rest of a body that nobody wanted, so that the answer to it arrives; returns whether it ended where the next request begins.</summary>
    private async ValueTask<bool> PassOverAsync(DirectBodyReader body)
    {
        if (!body.Ended)
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_aborted.Token);
            limit.CancelAfter(PassOverLimit);
            while (!body.Ended)
            {
                body.AdvanceTo((await body.ReadAsync(limit.Token)).Buffer.End);
            }
        }

        return body.End() == 0;
    }

    /// <summary>Cuts the connection: the client sees that its answer is not whole.</summary>
    private void Abort()
    {
        _aborted.Cancel();
        socket.Abort();
    }
}
