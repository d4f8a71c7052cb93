using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Carriers;

public sealed class ReceiveChannelTests
{
    private static readonly SessionLimits Limits = SessionLimits.Default;

    /// <summary>An answer may still bring bytes that another one has brought, when the stream has already ended with those.</summary>
    [Fact]
    public async Task Run_AnAnswerBehindTheEnd_Ends()
    {
        MemorySink sink = new();
        ReceivingHalf receiving = new(sink, Limits.Window);
        using SessionLife life = new(CancellationToken.None);
        ReceiveChannel channel = new(receiving, new OvertakenCarrier(receiving), ChannelControl.Down(Limits, () => new PathTerms(ChannelMode.Burst, ChannelMode.Burst)), new RetryClock(Limits.Grace, TimeProvider.System));

        await Task.Run(() => channel.RunAsync(null, life)).Soon();

        Assert.Null(life.Failure);
        Assert.Equal(OvertakenCarrier.Length, sink.Written);
        Assert.Equal(OvertakenCarrier.Length, sink.FinishedAt);
    }

    /// <summary>While an answer is being read, somebody else brings its bytes and the end.</summary>
    private sealed class OvertakenCarrier(ReceivingHalf receiving) : ICarrier
    {
        public const int Length = 10;

        public Task<WriteAnswer> WriteAsync(WriteRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<ReadAnswer> ReadAsync(ReadRequest request, CancellationToken cancellationToken) =>
            Task.FromResult(new ReadAnswer(0, null, Length, new OvertakenBody(receiving)));

        public Task EndAsync(string reason, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class OvertakenBody(ReceivingHalf receiving) : MemoryStream(Pattern.Bytes(0, OvertakenCarrier.Length))
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await receiving.ApplyAsync(0, Pattern.Bytes(0, OvertakenCarrier.Length), cancellationToken);
            await receiving.FinishAsync(OvertakenCarrier.Length, cancellationToken);
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
