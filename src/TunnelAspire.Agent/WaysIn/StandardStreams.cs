using Microsoft.Win32.SafeHandles;
using TunnelAspire.CommandLine;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Agent.WaysIn;

/// <summary>Standard input and output as a connection's end: <c>-W</c>. The end of input is a half-close; a half-close closes the output.</summary>
/// <remarks>A read or write of a pipe cannot be cancelled: it goes on in the background, and whoever waits for it is released.</remarks>
internal sealed class StandardStreams(Stream input, Stream output) : IByteEnd
{
    private const int Block = 64 * 1024; // bytes: what a pipe holds

    private readonly byte[] _buffer = new byte[Block];
    private readonly CancellationTokenSource _over = new();
    private Task<int>? _reading;
    private ReadOnlyMemory<byte> _unread;
    private bool _ended;

    /// <inheritdoc/>
    public int Available => _unread.Length;

    /// <summary>The process's own. Nothing else may write to standard output from then on.</summary>
    public static StandardStreams Open() => new(
        Of(StandardHandles.Input, FileAccess.Read, Console.OpenStandardInput), Of(StandardHandles.Output, FileAccess.Write, Console.OpenStandardOutput));

    /// <inheritdoc/>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_unread.Length > 0 || _ended)
        {
            return;
        }

        _reading ??= Task.Run(() => input.Read(_buffer), CancellationToken.None);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _over.Token);
        int count = await _reading.WaitAsync(either.Token);
        (_reading, _unread, _ended) = (null, _buffer.AsMemory(0, count), count == 0);
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken);
        int count = Math.Min(destination.Length, _unread.Length);
        _unread[..count].CopyTo(destination);
        _unread = _unread[count..];
        return count;
    }

    /// <inheritdoc/>
    public async ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlyMemory<byte> block = bytes[..Math.Min(Block, bytes.Length)];
        await Task.Run(() => output.Write(block.Span)).WaitAsync(_over.Token);
        return block.Length;
    }

    /// <inheritdoc/>
    public void Finish() => output.Dispose();

    /// <inheritdoc/>
    public void Reset() => _over.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _over.Cancel();
        output.Dispose();
    }

    /// <summary>One that was closed from the start is empty, and takes everything.</summary>
    private static Stream Of(int descriptor, FileAccess access, Func<Stream> otherwise) =>
        StandardHandles.IsClosed(descriptor) ? Stream.Null : OpenPipe(descriptor, access) ?? otherwise();

    /// <summary>
    /// The descriptor, unless it is a file. Unlike the console's stream, this one tells when nobody reads any more, and can be
    /// closed; but it would not move on the position of a file, which the shell may share.
    /// </summary>
    private static FileStream? OpenPipe(int descriptor, FileAccess access)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        FileStream stream = new(new SafeFileHandle(descriptor, ownsHandle: false), access, bufferSize: 0);
        return stream.CanSeek ? null : new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), access, bufferSize: 0);
    }
}
