using System.Net.Sockets;
using System.Text.Json;
using TunnelAspire.Agent.Status;

namespace TunnelAspire.Agent.Control;

/// <summary>Asks an agent by its control socket.</summary>
internal sealed class ControlClient(string path) : IDisposable
{
    private const int LongestAnswer = 64 * 1024 * 1024; // bytes: a hundred thousand sessions
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <summary>Asks; returns the answer.</summary>
    /// <exception cref="IOException">Nobody answers there, or not in this way.</exception>
    public async Task<ControlAnswer> AskAsync(string command, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await _socket.ConnectAsync(new UnixDomainSocketEndPoint(path), limit.Token);
            await ControlLine.WriteAsync(_socket, JsonSerializer.SerializeToUtf8Bytes(new ControlRequest(command), AgentJson.Default.ControlRequest), limit.Token);
            return JsonSerializer.Deserialize(await ControlLine.ReadAsync(_socket, LongestAnswer, limit.Token), AgentJson.Default.ControlAnswer)
                ?? throw new IOException($"what listens on {path} is no agent");
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new IOException($"{path} is too long for a unix socket's path");
        }
        catch (SocketException e)
        {
            throw new IOException($"no agent answers on {path}: {(File.Exists(path) ? e.Message : "there is no such socket")}", e);
        }
        catch (JsonException e)
        {
            throw new IOException($"what listens on {path} is no agent, or one of another version", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // The limit: the caller has not given up.
            throw new IOException($"the agent on {path} does not answer within {Patience.TotalSeconds:0} s", e);
        }
    }

    /// <summary>When the agent has closed the connection: after it was told to stop, when it has ended.</summary>
    /// <exception cref="IOException">It has not within a while.</exception>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await _socket.ReceiveAsync(new byte[1], limit.Token);
        }
        catch (SocketException)
        {
            // It ended by a reset: it is gone.
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // The limit: the caller has not given up.
            throw new IOException($"the agent on {path} was told to stop, and still runs after {Patience.TotalSeconds:0} s", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
