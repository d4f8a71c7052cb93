using System.Runtime.CompilerServices;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// Reads the source of a sending half into its memory, for whoever has the turn. While bytes flow it waits with memory in
/// hand, which spares a call of the system for each read; once the source has been quiet for a while it holds none.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="sequence">Where the bytes go: it lends memory, and takes what has been read.</param>
internal sealed class SourceReader(IByteSource source, SendSequence sequence)
{
    private const int SmallestWait = 4 * 1024;
    private const int Bulk = 32 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private bool _quiet = true;
    private int _expected;
    private Deadline? _wait;

    /// <summary>Reads what is there, and waits for it, up to <paramref name="maxBytes"/>. The source's failure is the half's, and final.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadAsync(int maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            if (_quiet)
            {
                await source.WaitAsync(cancellationToken); // as long as it takes: no memory is held
                _expected = source.Available;
                await FillAsync(maxBytes, cancellationToken);
                _quiet = false;
            }
            else
            {
                await FillWhileFlowingAsync(maxBytes, cancellationToken);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            sequence.Fail(e); // a socket tells a reset once, and an end of the stream ever after
            throw;
        }
    }

    /// <summary>Lets go of the clock.</summary>
    public void Stop() => Interlocked.Exchange(ref _wait, null)?.Dispose();

    /// <summary>Waits for bytes with memory in hand, but not for long: then the source has become quiet.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillWhileFlowingAsync(int maxBytes, CancellationToken cancellationToken)
    {
        Deadline wait = Interlocked.Exchange(ref _wait, null) ?? new Deadline();
        wait.After(LongestWait);
        CancellationTokenRegistration over = cancellationToken.UnsafeRegister(static wait => ((Deadline)wait!).Cancel(), wait);
        try
        {
            _quiet = true;
            await FillAsync(maxBytes, wait.Token);
            _quiet = false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing came for a while: the next wait is without memory.
        }
        finally
        {
            over.Dispose();
            if (_quiet || wait.IsOver)
            {
                wait.Dispose();
            }
            else
            {
                wait.After(Timeout.InfiniteTimeSpan);
                _wait = wait;
            }
        }
    }

    /// <summary>Reads until nothing is left, or <paramref name="maxBytes"/> are there, or the half has no room.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(int maxBytes, CancellationToken cancellationToken)
    {
        int filled = 0;
        int expected = _expected;
        while (sequence.TryReserve(expected, maxBytes - filled, out Memory<byte> memory))
        {
            int count = await ReadAsync(memory, cancellationToken);
            filled += count;

            // A small read that is not full has taken all there was. After a large one a peer that had no room goes on at once; it must
            // be read on, too, for its room to grow: the system measures by what is read in the time of a message.
            expected = count < memory.Length && count < Bulk ? 0 : source.Available;
            if (expected == 0)
            {
                _expected = Math.Max(SmallestWait, 2 * filled);
                return;
            }
        }
    }

    /// <summary>One read into reserved memory, which is committed even if the source fails.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAsync(Memory<byte> reserved, CancellationToken cancellationToken)
    {
        int count = 0;
        bool ended = false;
        try
        {
            count = await source.ReadAsync(reserved, cancellationToken);
            ended = count == 0;
            return count;
        }
        finally
        {
            sequence.Commit(count, ended);
        }
    }
}
