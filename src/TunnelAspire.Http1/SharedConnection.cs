using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TunnelAspire.Protocol.Lanes;

namespace TunnelAspire.Http1;

/// <summary>A connection that many requests share: one request, whose body and answer go on side by side, carries lanes, and each lane one request at a time.</summary>
internal sealed class SharedConnection : IDisposable
{
    private const int Pings = 3; // after the first: one may be late because a machine is busy

    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(100); // a part that is kept for longer is not passed on at once
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2); // of looking at it
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(4); // then the server is asked whether it is there: sooner than anybody in between cuts what is quiet
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10); // it has as long to say so
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(5);

    private readonly SharedContent _content;
    private readonly HttpResponseMessage _answer;
    private readonly LaneMultiplexer _lanes;
    private readonly IdleConnections _idle;
    private readonly Timer _watch;
    private readonly TaskCompletionSource _ran = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _born = Environment.TickCount64;
    private TimeSpan _roundTrip; // when it was begun
    private int _retired;
    private int _asking;
    private int _ended;

    private SharedConnection(SharedContent content, HttpResponseMessage answer, LaneMultiplexer lanes, IdleConnections idle)
    {
        (_content, _answer, _lanes, _idle) = (content, answer, lanes, idle);
        _watch = new Timer(static shared => _ = ((SharedConnection)shared!).WatchAsync(), this, Round, Round);
    }

    /// <summary>How long it has stood.</summary>
    public TimeSpan Age => TimeSpan.FromMilliseconds(Environment.TickCount64 - _born);

    /// <summary>Whether it takes more requests.</summary>
    public bool IsOpen => Volatile.Read(ref _retired) == 0 && !_lanes.Leaving.IsCompleted;

    /// <summary>Begins one: sends the request that carries lanes, and sees that bytes pass both ways, at once, while it is under way.</summary>
    /// <param name="pool">The server.</param>
    /// <param name="request">The request.</param>
    /// <param name="skipped">Characters of requests' paths that are not for the server.</param>
    /// <param name="patience">How long that may take.</param>
    /// <param name="refused">Is told why they do not.</param>
    /// <returns>Null where they do not.</returns>
    public static async Task<SharedConnection?> BeginAsync(Http1Pool pool, Http1Request request, int skipped, TimeSpan patience, Action<string>? refused = null)
    {
        SharedContent content = new(request.Headers.Accept.ToString());
        request.Content = content;
        using CancellationTokenSource limit = new(patience);
        HttpResponseMessage? answer = null;
        LaneMultiplexer? lanes = null;
        try
        {
            long begun = Stopwatch.GetTimestamp();
            Task<HttpResponseMessage> answering = pool.SendAsync(request, limit.Token);
            await Task.WhenAny(answering, content.Stream);
            lanes = content.Stream.IsCompleted ? new(await content.Stream) : null;
            Task pong = lanes?.PingAsync() ?? Task.CompletedTask;
            answer = await answering;
            if (lanes is not null && answer.StatusCode == HttpStatusCode.OK)
            {
                SharedConnection shared = new(content, answer, lanes, new IdleConnections(pool.Authority, skipped));
                _ = shared.RunAsync(await answer.Content.ReadAsStreamAsync(limit.Token));
                await pong.WaitAsync(limit.Token);
                if (await shared.PassesAtOnceAsync(Stopwatch.GetElapsedTime(begun), limit.Token))
                {
                    return shared;
                }

                refused?.Invoke($"what is under way is passed on late: a round trip takes {shared._roundTrip.TotalMilliseconds:0} ms");
            }
            else
            {
                refused?.Invoke($"the request is answered with {(int)answer.StatusCode}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody is there, or somebody who does not pass on what is under way.
            refused?.Invoke(limit.IsCancellationRequested ? "what is under way is held back" : e is OperationCanceledException ? "the answer ends" : e.Message);
        }

        answer?.Dispose();
        await EndAsync(content, lanes);
        return null;
    }

    /// <summary>A lane for a request.</summary>
    public Http1Connection Take() => _idle.TryTake() ?? new Http1Connection(_lanes.Open(), _idle);

    /// <summary>A round trip, for its own sake.</summary>
    /// <exception cref="OperationCanceledException">The connection has ended, or <paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<TimeSpan> PingAsync(CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        await _lanes.PingAsync().WaitAsync(cancellationToken);
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>Closes lanes that have been idle since before <paramref name="since"/>; the connection as well, where none is left.</summary>
    public void Close(long since)
    {
        _idle.Close(since);
        if (_lanes.Count == 0 && (!IsOpen || _lanes.LastHeard < since))
        {
            _ = EndInOrderAsync();
        }
    }

    /// <summary>It takes no more requests, and ends after the last that is under way.</summary>
    public void Retire()
    {
        Volatile.Write(ref _retired, 1);
        _idle.Close();
        Close(since: 0);
    }

    /// <summary>It ends now, whatever is under way.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            Volatile.Write(ref _retired, 1);
            _watch.Dispose();
            _idle.Close();
            _answer.Dispose(); // its body is not at its end: the connection is closed
            _ = EndAsync(_content, _lanes);
        }
    }

    /// <summary>Ends the request, so that the server ends its answer; where it does not, the connection is closed.</summary>
    private async Task EndInOrderAsync()
    {
        Volatile.Write(ref _retired, 1);
        await EndAsync(_content, _lanes);
        await _ran.Task.WaitAsync(FarewellPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Dispose();
    }

    /// <summary>The request's body ends once nobody writes it any more.</summary>
    private static async Task EndAsync(SharedContent content, LaneMultiplexer? lanes)
    {
        await (lanes?.EndAsync() ?? Task.CompletedTask);
        content.End();
    }

    /// <summary>Whether bytes go on to pass once the answer has begun, and no later than the request and its answer did.</summary>
    /// <param name="first">How long those took: one round trip, or a few.</param>
    /// <param name="cancellationToken">It has taken too long.</param>
    private async Task<bool> PassesAtOnceAsync(TimeSpan first, CancellationToken cancellationToken)
    {
        for (int i = 0; i < Pings; i++)
        {
            if ((_roundTrip = await PingAsync(cancellationToken)) < first + Late)
            {
                return true;
            }
        }

        return false;
    }

    private async Task RunAsync(Stream input)
    {
        try
        {
            await _lanes.RunAsync(input, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // Cut; whoever has a lane is told by it.
        }

        _ran.TrySetResult();
        Dispose();
    }

    private async Task WatchAsync()
    {
        if (!IsOpen)
        {
            Retire();
        }

        if (_lanes.Count > 0 && IsQuietFor(Quiet) && Interlocked.Exchange(ref _asking, 1) == 0)
        {
            await _lanes.PingAsync().WaitAsync(Silence).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (IsQuietFor(Silence))
            {
                Dispose();
            }

            Volatile.Write(ref _asking, 0);
        }
    }

    private bool IsQuietFor(TimeSpan time) => Environment.TickCount64 - _lanes.LastHeard > time.TotalMilliseconds;
}
