using System.Buffers;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Streaming;

public sealed class RetransmitBufferTests
{
    private readonly RetransmitBuffer _buffer = new(new StreamBudget());

    [Fact]
    public void Reserve_Always_KeepsWithinTheMostAsked()
    {
        Memory<byte> memory = _buffer.Reserve(expected: 1000, most: 10);

        Assert.Equal(10, memory.Length);
        _buffer.Commit(0);
    }

    [Fact]
    public void Commit_OfNothing_LeavesNothingRented()
    {
        _buffer.Reserve(1000, 1000);
        _buffer.Commit(0);

        Assert.True(_buffer.HoldsNothing);
        Assert.Equal(0, _buffer.End);
    }

    [Fact]
    public void Acknowledge_OfAll_LeavesNothingRented()
    {
        Write(100);
        Assert.False(_buffer.HoldsNothing);

        _buffer.Acknowledge(100);

        Assert.True(_buffer.HoldsNothing);
        Assert.Equal(100, _buffer.Start);
        Assert.Equal(100, _buffer.End);
    }

    [Fact]
    public void Acknowledge_OfLessThanBefore_IsIgnored()
    {
        Write(100);
        _buffer.Acknowledge(60);
        _buffer.Acknowledge(20);

        Assert.Equal(60, _buffer.Start);
    }

    [Fact]
    public void Acknowledge_WhileMemoryIsReserved_LeavesTheMemoryValid()
    {
        Write(100);
        Memory<byte> reserved = _buffer.Reserve(50, 50);
        _buffer.Acknowledge(100);
        Pattern.Fill(reserved.Span[..50], 100);
        _buffer.Commit(50);

        using OutboundRange range = _buffer.Range(100, 50, null);
        Pattern.Require(range.Bytes.ToArray(), 100);
    }

    [Fact]
    public void Range_AcrossSegments_HasTheStreamsBytes()
    {
        for (int i = 0; i < 40; i++)
        {
            Write(700);
        }

        using OutboundRange range = _buffer.Range(333, 27_000, null);

        Assert.Equal(27_333, range.End);
        Assert.False(range.Bytes.IsSingleSegment);
        Pattern.Require(range.Bytes.ToArray(), 333);
    }

    [Fact]
    public void Range_AfterAcknowledgement_KeepsItsBytesUntilDisposed()
    {
        Write(5000);
        OutboundRange range = _buffer.Range(0, 5000, null);
        _buffer.Acknowledge(5000);
        RentAndScribble();

        Pattern.Require(range.Bytes.ToArray(), 0);
        range.Dispose();
        Assert.True(_buffer.HoldsNothing);
    }

    [Fact]
    public void Clear_Always_LeavesNothingRented()
    {
        Write(5000);
        _buffer.Clear();

        Assert.True(_buffer.HoldsNothing);
        Assert.Equal(5000, _buffer.Start);
    }

    [Fact]
    public void Clear_WhileMemoryIsReserved_LetsGoAfterTheCommit()
    {
        Write(10);
        _buffer.Reserve(100, 100);
        _buffer.Clear();
        _buffer.Commit(20);
        _buffer.Clear();

        Assert.True(_buffer.HoldsNothing);
        Assert.Equal(30, _buffer.End);
    }

    /// <summary>Another session's use of the pool: memory that was returned too early would be overwritten by it.</summary>
    private static void RentAndScribble()
    {
        byte[][] rented = [.. Enumerable.Range(0, 64).Select(_ => ArrayPool<byte>.Shared.Rent(5000))];
        foreach (byte[] array in rented)
        {
            array.AsSpan().Fill(0xEE);
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    [Fact]
    public void Pieces_ThatAreSmall_HoldNotMuchMoreThanTheirBytes()
    {
        StreamBudget budget = new();
        RetransmitBuffer buffer = new(budget);
        for (int i = 1; i <= 4000; i++)
        {
            Memory<byte> memory = buffer.Reserve(expected: 16 * 1024, most: 64 * 1024);
            Assert.True(memory.Length >= 64);
            buffer.Commit(64);

            Assert.InRange(budget.Bytes, 0, (2 * 64 * i) + (32 * 1024));
        }

        buffer.Clear();
        Assert.Equal(0, budget.Bytes);
    }

    private void Write(int bytes)
    {
        for (int left = bytes; left > 0;)
        {
            long position = _buffer.End;
            Memory<byte> memory = _buffer.Reserve(left, left);
            Pattern.Fill(memory.Span, position);
            _buffer.Commit(memory.Length);
            left -= memory.Length;
        }
    }
}
