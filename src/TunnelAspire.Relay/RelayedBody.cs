using System.IO.Pipelines;
using System.Net;

namespace TunnelAspire.Relay;

/// <summary>A request's body on its way through: handed on as it arrives, never held whole.</summary>
internal sealed class RelayedBody(PipeReader source, long? length) : HttpContent
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;

    /// <summary>Why the body could not be read, if that is what failed: the client is to blame, not the connector.</summary>
    public Exception? SourceFailure { get; private set; }

    /// <summary>Lets go of the source, which a forward that has failed or was refused may still be reading.</summary>
    public async Task StopAsync()
    {
        if (Volatile.Read(ref _begun) == 1 && !_ended.Task.IsCompleted)
        {
            source.CancelPendingRead();
            await _ended.Task;
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _begun, 1);
        try
        {
            while (await CopyOnceAsync(stream, cancellationToken))
            {
                // More follows.
            }
        }
        finally
        {
            _ended.SetResult();
        }
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    /// <summary>Hands on what has arrived; false at the end.</summary>
    private async ValueTask<bool> CopyOnceAsync(Stream stream, CancellationToken cancellationToken)
    {
        ReadResult result = await ReadAsync(cancellationToken);
        if (result.IsCanceled)
        {
            source.AdvanceTo(result.Buffer.Start); // a read ends with that: else the web server could not read the rest, and would close the connection
            throw new OperationCanceledException("the forward has failed");
        }

        bool arrived = !result.Buffer.IsEmpty;
        try
        {
            foreach (ReadOnlyMemory<byte> bytes in result.Buffer)
            {
                await stream.WriteAsync(bytes, cancellationToken);
            }
        }
        finally
        {
            source.AdvanceTo(result.Buffer.End);
        }

        if (arrived && !result.IsCompleted)
        {
            await stream.FlushAsync(cancellationToken);
        }

        return !result.IsCompleted;
    }

    private async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await source.ReadAsync(cancellationToken);
        }
        catch (Exception e)
        {
            SourceFailure = e;
            throw;
        }
    }
}
