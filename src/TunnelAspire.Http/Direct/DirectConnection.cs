using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Protocol.Sockets;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// A connection as long as its requests are plain ones. The first that is something else stays unread, and goes with the connection to
/// the web server.
/// </summary>
/// <remarks>
/// 1. Wait for a request, empty-handed. 2. Look at its head without taking it. 3. Take it, and let the endpoint answer. 4. End the
/// answer. While a request that has come whole is answered, the next arrival is waited for already: it may be the client's end.
/// That something has come is a hint: mostly the look at the head is the first one.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A CancellationTokenSource without a timer holds nothing to dispose.")]
internal sealed class DirectConnection(ReadyConnection connection, DirectRequests requests, CancellationToken stopping)
{
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(130); // the web server's default
    private static readonly TimeSpan PassOverLimit = TimeSpan.FromSeconds(5); // the web server's, too
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _aborted = new();
    private readonly Deadline _idle = new(stopping);
    private readonly DirectHead _head = new();
    private DirectExchange? _exchange;
    private Task? _arrival; // that is waited for since before the answer
    private int _busy; // 1 from an arrival to the end of its answer

    /// <summary>Serves requests; returns whether the connection goes on, for somebody else.</summary>
    public async Task<bool> ServeAsync()
    {
        using CancellationTokenRegistration idle = _idle.Token.UnsafeRegister(static connection => ((DirectConnection)connection!).LetGoIfIdle(), this);
        try
        {
            while (await NextAsync() is { } ours)
            {
                if (!ours)
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

    /// <summary>Waits for the next request, and begins it where it is to be served here; false: it is not, and stays unread. Null at the end of the connection.</summary>
    private async ValueTask<bool?> NextAsync()
    {
        while (true)
        {
            Interlocked.Exchange(ref _busy, 0); // a fence: either this sees that the time is over, or that sees that nobody is busy
            if (_idle.IsOver)
            {
                return null; // the server has stopped meanwhile
            }

            _idle.After(IdleLimit);
            Task? arrival = _arrival;
            _arrival = null;
            await (arrival is null ? connection.WaitAsync(_aborted.Token) : new ValueTask(arrival));
            _idle.After(Timeout.InfiniteTimeSpan);
            Interlocked.Exchange(ref _busy, 1);
            if (_aborted.IsCancellationRequested)
            {
                return null;
            }

            if (TryBegin(out bool? ours))
            {
                return ours;
            }
        }
    }

    /// <summary>Looks at the next request's head; where it is to be served here, takes it and what has come of its body, and begins. False where nothing has come.</summary>
    private bool TryBegin(out bool? ours)
    {
        ours = null;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(DirectHead.MostBytes);
        try
        {
            int count = connection.Look(buffer.AsSpan(0, DirectHead.MostBytes), out SocketError error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
            {
                throw new SocketException((int)error);
            }

            if (count > 0 && (ours = _head.TryRead(buffer.AsSpan(0, count)) && MayCome(_head)) == true)
            {
                int taken = _head.Length + (int)Math.Min(count - _head.Length, _head.BodyLength ?? int.MaxValue);
                connection.Take(buffer.AsSpan(0, taken), more: taken < count || count == DirectHead.MostBytes);
                _exchange ??= new DirectExchange(connection, _head, requests.Services, Abort, _aborted.Token);
                _exchange.Begin(buffer.AsSpan(_head.Length..taken));
            }

            return error == SocketError.Success;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Lanes are for sessions: whoever stands in between sees nothing else of their requests than that.</summary>
    private bool MayCome(DirectHead head) => connection is not Lane || head.Path.StartsWith(TunnelPaths.Sessions, StringComparison.Ordinal);

    /// <summary>Lets the endpoint answer; returns whether the connection may go on.</summary>
    private async Task<bool> AnswerAsync(DirectExchange exchange)
    {
        try
        {
            if (exchange.BodyReader.HasAll)
            {
                _arrival = WatchAsync();
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
            connection.EndSending();
            await (_arrival?.WaitAsync(limit.Token) ?? Task.CompletedTask); // one waits at a time
            while (await connection.ReceiveAsync(dropped, limit.Token) > 0)
            {
                // Nobody wants it.
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(dropped);
        }
    }

    /// <summary>Waits for what comes next. While the endpoint is at work, that may be the client's end.</summary>
    private async Task WatchAsync()
    {
        try
        {
            bool? goesOn = null;
            while (goesOn is null)
            {
                await connection.WaitAsync(_aborted.Token);
                goesOn = Volatile.Read(ref _busy) == 0 ? true : HasCome();
            }

            if (goesOn == false)
            {
                await _aborted.CancelAsync();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // By our own end.
        }
    }

    /// <summary>Whether the next request has come; false: the client's end has. Null where nothing has.</summary>
    private bool? HasCome()
    {
        Span<byte> first = stackalloc byte[1];
        int count = connection.Receive(first, SocketFlags.Peek, out SocketError error);
        return error == SocketError.WouldBlock ? null : count > 0;
    }

    /// <summary>The client has been idle for too long, or the server stops: whoever is served meanwhile is let go after the answer.</summary>
    private void LetGoIfIdle()
    {
        if (Volatile.Read(ref _busy) == 0)
        {
            _aborted.Cancel();
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
        connection.Abort();
    }
}
