using System.IO.Pipelines;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http.Direct;

/// <summary>
/// The answer, straight into the socket: each write is one system call, of the bytes together with their framing. A buffer is held
/// only while something is written.
/// </summary>
internal sealed class DirectBodyWriter(ReadyConnection connection, DirectExchange exchange) : PipeWriter
{
    private readonly DirectFraming _framing = new(exchange);
    private bool _cut; // a send has not been done, or only half: nothing that follows would make sense

    /// <summary>The answer's head has been made; it is sent, or is being sent.</summary>
    public bool Started => _framing.Started;

    /// <summary>All that the head promised has been sent.</summary>
    public bool Whole => _framing.Whole && !_cut;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _framing.Gathered;

    /// <summary>A new answer.</summary>
    public void Begin()
    {
        _framing.Begin();
        _cut = false;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _framing.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => _framing.Advance(bytes);

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_framing.Gathered > 0 || !Started)
        {
            await SendFramedAsync(cancellationToken);
        }

        return default;
    }

    /// <summary>Sends the bytes in one piece with their framing.</summary>
    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        while (!source.IsEmpty)
        {
            Memory<byte> room = GetMemory(Math.Min(source.Length, DirectFraming.MostBody));
            int count = Math.Min(room.Length, source.Length);
            source[..count].CopyTo(room);
            Advance(count);
            source = source[count..];
            await SendFramedAsync(cancellationToken);
        }

        return default;
    }

    /// <summary>Sends the head where nothing has been sent, and what ends a chunked answer.</summary>
    /// <exception cref="InvalidOperationException">Less has been written than the head promised.</exception>
    /// <exception cref="IOException">The answer was cut.</exception>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        RequireUncut();
        if (Whole && _framing.Gathered == 0)
        {
            return; // ended already
        }

        if (_framing.Gathered > 0 || !Started)
        {
            await SendFramedAsync(cancellationToken);
        }

        if (_framing.End() is { IsEmpty: false } end)
        {
            await SendAsync(end, cancellationToken);
        }
    }

    /// <summary>Gives the buffer back, whatever is in it.</summary>
    public void Release() => _framing.Release();

    private async ValueTask SendFramedAsync(CancellationToken cancellationToken)
    {
        if (!Started)
        {
            await exchange.StartingAsync();
        }

        RequireUncut();
        _cut = true; // also where it cannot be framed
        await SendAsync(_framing.Frame(), cancellationToken);
    }

    private void RequireUncut()
    {
        if (_cut)
        {
            throw new IOException("The answer was cut.");
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _cut = true;
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await connection.PutAsync(bytes, cancellationToken)..];
            }

            _cut = false;
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e); // as the web server tells it: a socket's own failure would pass for the target's
        }
        finally
        {
            Release();
        }
    }
}
