using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;

namespace TunnelAspire.Tests.Protocol.Carriers;

public sealed class SessionEndTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_WithBytesThatComeJustWhenTheHoldTimeIsOver_WritesThem()
    {
        LateSource source = new();
        using SessionEnd end = new(new SendingHalf(source, 1024), new ReceivingHalf(source, 1024));
        List<(byte[] Bytes, bool CouldBeWritten)> written = [];

        await end.StreamAsync(
            new ReadRequest(Ack: 0, Generation: 0, MaxBytes: LateSource.Bytes, Hold: TimeSpan.FromMilliseconds(20), Stream: true),
            (range, _, over) =>
            {
                written.Add((System.Buffers.BuffersExtensions.ToArray(range.Bytes), !over.IsCancellationRequested));
                return ValueTask.CompletedTask;
            },
            Ct);

        (byte[] bytes, bool couldBeWritten) = Assert.Single(written);
        Assert.Equal(LateSource.Bytes, bytes.Length);
        Assert.True(couldBeWritten);
    }

    /// <summary>Brings its bytes in spite of the cancellation, as a socket does that has taken them already.</summary>
    private sealed class LateSource : IByteSource, IByteSink
    {
        public const int Bytes = 5;

        public int Available => Bytes;

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Bytes;
        }

        public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes) => ValueTask.FromResult(bytes.Length);

        public void Finish()
        {
        }
    }
}
