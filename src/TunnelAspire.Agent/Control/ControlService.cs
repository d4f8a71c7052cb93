using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Agent.Forwards;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Agent.Control;

/// <summary>Listens on the control socket, which is this user's alone, and does what <c>tunnel status</c>, <c>reload</c> and <c>stop</c> ask for.</summary>
internal sealed partial class ControlService(
    AgentRun run, AgentStatus status, SettingsReload reload, IOptions<AgentOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ControlService> logger)
    : IHostedService, IDisposable
{
    private const int Backlog = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _clients = new(Backlog);
    private Socket? _socket;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Begins to listen. Where there is no place for the socket, the agent does without; one that was asked for is needed.</summary>
    /// <exception cref="IOException">The socket that was asked for cannot be listened on.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        string asked = options.Value.Control;
        if (asked == ControlPlace.None || (run.Standard && asked.Length == 0))
        {
            return Task.CompletedTask;
        }

        try
        {
            string path = asked.Length > 0 ? Path.GetFullPath(asked) : ControlPlace.Of(Environment.ProcessId);
            _socket = Listen(path);
            run.ControlSocket = path;
            _accepting = AcceptAsync(_socket, _stop.Token);
        }
        catch (Exception e) when (asked.Length == 0 && e is IOException or UnauthorizedAccessException)
        {
            LogNone(e.Message);
        }

        return Task.CompletedTask;
    }

    /// <summary>Takes no more requests.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _socket?.Dispose(); // its file goes with it
        await _accepting;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket?.Dispose();
        _stop.Dispose();
    }

    private static Socket Listen(string path)
    {
        try
        {
            Socket socket = UnixSocketFile.Bind(new UnixDomainSocketEndPoint(path));
            socket.Listen(Backlog);
            return socket;
        }
        catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException or UnauthorizedAccessException)
        {
            string why = e is ArgumentOutOfRangeException ? "the path is too long for a unix socket" : e.Message;
            throw new IOException($"cannot listen on the control socket {path}: {why}. Give another with --control PATH, or --control none", e);
        }
    }

    private async Task AcceptAsync(Socket socket, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await _clients.WaitAsync(stop);
                _ = ServeAsync(await socket.AcceptAsync(stop), stop);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The agent stops, or the system has no more sockets for it: then it does without.
        }
    }

    private async Task ServeAsync(Socket client, CancellationToken stop)
    {
        bool keep = false;
        try
        {
            using CancellationTokenSource limit = new(Patience, time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
            ControlRequest? request = Parse(await ControlLine.ReadAsync(client, ControlRequest.Longest, either.Token));
            ControlAnswer answer = await AnswerAsync(request, stop);
            await ControlLine.WriteAsync(client, JsonSerializer.SerializeToUtf8Bytes(answer, AgentJson.Default.ControlAnswer), either.Token);
            if (keep = request?.Command == ControlRequest.Stop)
            {
                lifetime.StopApplication(); // the connection ends with the process, which tells the client that it is gone
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            // It has gone, or takes too long, or the agent stops.
        }
        finally
        {
            _clients.Release();
            if (!keep)
            {
                client.Dispose();
            }
        }
    }

    private async Task<ControlAnswer> AnswerAsync(ControlRequest? request, CancellationToken stop)
    {
        switch (request?.Command)
        {
            case ControlRequest.Status:
                return new ControlAnswer(Error: null) { Status = await status.FreshReportAsync(stop) };
            case ControlRequest.Reload:
                try
                {
                    return new ControlAnswer(Error: null) { Reload = await reload.ReloadAsync("tunnel reload", stop) };
                }
                catch (FormatException e)
                {
                    return new ControlAnswer(e.Message);
                }

            case ControlRequest.Stop:
                LogStop();
                return new ControlAnswer(Error: null) { Pid = Environment.ProcessId };
            default:
                return new ControlAnswer($"no such command; there are {ControlRequest.Status}, {ControlRequest.Reload}, {ControlRequest.Stop}: {{\"command\":\"status\"}}");
        }
    }

    private static ControlRequest? Parse(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, AgentJson.Default.ControlRequest);
        }
        catch (JsonException)
        {
            return null; // answered like an unknown command
        }
    }

    [LoggerMessage(1034, LogLevel.Warning, "There is no control socket, tunnel status cannot find this agent: {Detail}")]
    private partial void LogNone(string detail);

    [LoggerMessage(1035, LogLevel.Information, "Stopped by tunnel stop")]
    private partial void LogStop();
}
