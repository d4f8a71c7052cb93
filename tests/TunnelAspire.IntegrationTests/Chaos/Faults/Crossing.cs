using System.Collections.Concurrent;

namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>Takes one request over to a relay and its answer back, with at most one fault on the way.</summary>
internal sealed class Crossing(Upstreams relays, Weather weather)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(400);
    private const int LargestBody = 2 * 1024 * 1024;

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _passed = new(StringComparer.Ordinal);
    private volatile byte[]? _earlier;

    /// <summary>Passes one; returns whether the client's connection goes on.</summary>
    /// <exception cref="IOException">One of the two connections broke, or was cut.</exception>
    public async Task<bool> PassAsync(Leg client, MessageHead request, HttpFault fault, CancellationToken cancellationToken)
    {
        if (_passed.TryRemove(request.Path, out TaskCompletionSource? passed))
        {
            passed.TrySetResult();
        }

        switch (fault)
        {
            case HttpFault.LoseRequest:
                throw Lost(fault);
            case HttpFault.Swallow:
                weather.Happened(fault);
                await SwallowAsync(client, request, cancellationToken);
                return false;
            case HttpFault.ForeignAnswer:
                return await AnswerAsync(client, fault, ForeignAnswers.Choose(weather, request.Opens), cancellationToken);
            case HttpFault.Garbage:
                return await AnswerAsync(client, fault, ForeignAnswers.Garbage(weather), cancellationToken);
            case HttpFault.Cached when request.Receives && _earlier is { } earlier:
                return await AnswerAsync(client, fault, earlier, cancellationToken);
            case HttpFault.DelayRequest:
                weather.Happened(fault);
                await Task.Delay(LongestDelay * (weather.Below(1000) / 1000.0), cancellationToken);
                break;
            case HttpFault.Reorder:
                await LetAnotherPassAsync(request, cancellationToken);
                break;
            case HttpFault.CutConnectionUp or HttpFault.CutConnectionDown:
                weather.Happened(fault);
                client.CutAfter(weather.Below(200_000), reading: fault == HttpFault.CutConnectionUp);
                break;
        }

        return await HandOnAsync(client, request, fault, cancellationToken);
    }

    private async Task<bool> HandOnAsync(Leg client, MessageHead request, HttpFault fault, CancellationToken cancellationToken)
    {
        if (await relays.TakeAsync(cancellationToken) is not var (relay, port))
        {
            await client.WriteAsync(ForeignAnswers.BadGateway(), cancellationToken);
            return false;
        }

        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bool whole = false;
        try
        {
            Task up = BringAsync(client, relay, request, fault, over.Token);
            Task<bool> down = FetchAsync(client, relay, request, fault, up, over.Token);
            whole = await down;
            await up;
            return whole && !request.Closes;
        }
        finally
        {
            await over.CancelAsync();
            if (whole)
            {
                relays.Return(relay, port);
            }
            else
            {
                relay.Reset();
            }
        }
    }

    /// <summary>The request's way to the relay.</summary>
    private async Task BringAsync(Leg client, Leg relay, MessageHead request, HttpFault fault, CancellationToken cancellationToken)
    {
        bool whole = !request.Chunked && request.Length is null or (> 1 and < LargestBody);
        if (fault is HttpFault.Duplicate or HttpFault.ShortenRequest && whole)
        {
            byte[] body = await ReadAsync(client, request, cancellationToken);
            if (fault == HttpFault.ShortenRequest && body.Length > 1)
            {
                weather.Happened(fault);
                body = body[..weather.Below(body.Length)];
                request = request.WithLength(body.Length);
            }
            else if (fault == HttpFault.Duplicate)
            {
                weather.Happened(fault);
                _ = RepeatAsync(request, body);
            }

            await relay.WriteAsync((byte[])[.. request.Bytes(), .. body], cancellationToken);
            return;
        }

        await relay.WriteAsync(request.Bytes(), cancellationToken);
        long left = fault == HttpFault.CutRequest ? weather.Below((int)(request.Length ?? 100_000)) : long.MaxValue;
        BodyScanner body2 = request.RequestBody();
        while (await client.BodyAsync(body2, cancellationToken) is { IsEmpty: false } part)
        {
            if (part.Length > left)
            {
                await relay.WriteAsync(part[..(int)left], cancellationToken);
                throw Lost(fault);
            }

            left -= part.Length;
            await relay.WriteAsync(part, cancellationToken);
        }
    }

    /// <summary>The answer's way back; false where the connection to the client cannot go on.</summary>
    private async Task<bool> FetchAsync(Leg client, Leg relay, MessageHead request, HttpFault fault, Task brought, CancellationToken cancellationToken)
    {
        MessageHead answer = await HeadAsync(client, relay, brought, cancellationToken);
        switch (fault)
        {
            case HttpFault.LoseAnswer:
                throw Lost(fault);
            case HttpFault.ForeignAfter:
                return await AnswerAsync(client, fault, ForeignAnswers.Choose(weather, request.Opens), cancellationToken);
            case HttpFault.DelayAnswer:
                weather.Happened(fault);
                await Task.Delay(LongestDelay * (weather.Below(1000) / 1000.0), cancellationToken);
                break;
            case HttpFault.Interim:
                weather.Happened(fault);
                await client.WriteAsync("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"u8.ToArray(), cancellationToken);
                break;
            case HttpFault.ShortenAnswer when answer.Length is > 1 and < LargestBody and { } length:
                weather.Happened(fault);
                int kept = weather.Below((int)length);
                await client.WriteAsync(answer.WithLength(kept).Bytes(), cancellationToken);
                await PassBodyAsync(client, relay, answer.AnswerBody(), kept, cancellationToken);
                return !answer.Closes;
        }

        await client.WriteAsync(answer.Bytes(), cancellationToken);
        if (answer.Length is 0 && request.Receives)
        {
            _earlier = answer.Bytes();
        }

        BodyScanner? body = answer.AnswerBody();
        bool cut = fault == HttpFault.CutAnswer && body?.Done != true;
        await PassBodyAsync(client, relay, body, cut ? weather.Below((int)(answer.Length ?? 100_000)) : long.MaxValue, cancellationToken);
        return cut ? throw Lost(fault) : !answer.Closes && body is not null;
    }

    /// <summary>Takes a body to its end, and passes no more than so many bytes of it.</summary>
    private static async Task PassBodyAsync(Leg client, Leg relay, BodyScanner? body, long most, CancellationToken cancellationToken)
    {
        while (await relay.BodyAsync(body, cancellationToken) is { IsEmpty: false } part)
        {
            int count = (int)Math.Min(part.Length, most);
            most -= count;
            await client.WriteAsync(part[..count], cancellationToken);
        }
    }

    /// <summary>The answer's head; where the client leaves before it comes, the relay is left as well.</summary>
    private static async Task<MessageHead> HeadAsync(Leg client, Leg relay, Task brought, CancellationToken cancellationToken)
    {
        Task<MessageHead?> head = relay.HeadAsync(cancellationToken);
        if (await Task.WhenAny(head, brought) == brought)
        {
            await brought;
            if (await Task.WhenAny(head, client.LeftAsync()) != head)
            {
                throw new IOException("the client has left");
            }
        }

        return await head ?? throw new IOException("the relay has left");
    }

    private async Task<bool> AnswerAsync(Leg client, HttpFault fault, byte[] answer, CancellationToken cancellationToken)
    {
        weather.Happened(fault);
        await client.WriteAsync(answer, cancellationToken);
        return false;
    }

    /// <summary>Takes all that comes, until the client gives up.</summary>
    private static async Task SwallowAsync(Leg client, MessageHead request, CancellationToken cancellationToken)
    {
        BodyScanner body = request.RequestBody();
        while (!(await client.BodyAsync(body, cancellationToken)).IsEmpty)
        {
            // Gone.
        }

        await client.LeftAsync().WaitAsync(cancellationToken);
    }

    /// <summary>Waits, not for ever, for a later request of the same session and verb.</summary>
    private async Task LetAnotherPassAsync(MessageHead request, CancellationToken cancellationToken)
    {
        Task another = _passed.GetOrAdd(request.Path, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        if (await Task.WhenAny(another, Task.Delay(LongestDelay, cancellationToken)) == another)
        {
            weather.Happened(HttpFault.Reorder);
            await Task.Delay(LongestDelay / 20, cancellationToken); // it is on its way now
        }

        _passed.TryRemove(request.Path, out _);
    }

    /// <summary>The request once more, a little later, through another connection; its answer is for nobody.</summary>
    private async Task RepeatAsync(MessageHead request, byte[] body)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        try
        {
            await Task.Delay(LongestDelay * (weather.Below(1000) / 1000.0), limit.Token);
            if (await relays.TakeAsync(limit.Token) is var (relay, _))
            {
                using (relay)
                {
                    await relay.WriteAsync((byte[])[.. request.Bytes(), .. body], limit.Token);
                    if (await relay.HeadAsync(limit.Token) is { } answer)
                    {
                        BodyScanner? end = answer.AnswerBody();
                        while (!(await relay.BodyAsync(end, limit.Token)).IsEmpty)
                        {
                            // For nobody.
                        }
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Nobody waits for it.
        }
    }

    private static async Task<byte[]> ReadAsync(Leg client, MessageHead request, CancellationToken cancellationToken)
    {
        using MemoryStream whole = new();
        BodyScanner body = request.RequestBody();
        while (await client.BodyAsync(body, cancellationToken) is { IsEmpty: false } part)
        {
            whole.Write(part.Span);
        }

        return whole.ToArray();
    }

    private IOException Lost(HttpFault fault)
    {
        weather.Happened(fault);
        return new IOException("lost on purpose");
    }
}
