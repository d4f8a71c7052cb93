using CsCheck;
using Microsoft.Extensions.Time.Testing;
using TunnelAspire.Connector.Shaping;

namespace TunnelAspire.Tests.Connector.Shaping;

public sealed class BytePacerTests
{
    private const int Rate = 16_000;
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Ask_AfterAPause_IsFreeForAQuarterOfASecond()
    {
        BytePacer pacer = new(Rate, _time);

        Assert.Equal([0, 0, 0, 0, 62.5, 125], Enumerable.Range(0, 6).Select(_ => Wait(pacer, pacer.Ask(pacer.Piece))));
    }

    [Fact]
    public void Return_OfWhatWasNotUsed_MakesRoom()
    {
        BytePacer pacer = new(Rate, _time);
        pacer.Ask(4 * pacer.Piece);
        pacer.Return(pacer.Piece);

        Assert.Equal(0, Wait(pacer, pacer.Ask(pacer.Piece)));
    }

    [Fact]
    public void Piece_OfAnyRate_IsASixteenthOfASecondAndAtMostAMebibyte()
    {
        Assert.Equal(256, new BytePacer(4096, _time).Piece);
        Assert.Equal(1024 * 1024, new BytePacer(long.MaxValue, _time).Piece);
    }

    [Fact]
    public void Ask_WhateverIsAskedForAndWhen_NeverMovesMoreThanTheRateAndAQuarterSecond() =>
        Gen.Select(Gen.Long[4096, 10_000_000], Gen.Select(Gen.Int[0, 400], Gen.Int[1, 1000]).Array[1, 60]).Sample(
            (rate, asks) =>
            {
                FakeTimeProvider time = new();
                BytePacer pacer = new(rate, time);
                long begun = time.GetTimestamp();
                List<(long At, int Bytes)> moved = [];
                foreach ((int pause, int share) in asks)
                {
                    time.Advance(TimeSpan.FromMilliseconds(pause));
                    int bytes = Math.Max(1, (int)((long)pacer.Piece * share / 1000));
                    moved.Add((Math.Max(pacer.Ask(bytes), time.GetTimestamp()), bytes));
                }

                foreach ((long end, _) in moved)
                {
                    double seconds = time.GetElapsedTime(begun, end).TotalSeconds;
                    Assert.InRange(moved.Where(one => one.At <= end).Sum(one => one.Bytes), 0, (rate * (seconds + 0.25)) + asks.Length);
                }
            },
            iter: 2_000);

    [Fact]
    public async Task WaitUntil_ATimestampThatIsCome_DoesNotWait()
    {
        BytePacer pacer = new(Rate, _time);
        Task later = pacer.WaitUntilAsync(_time.GetTimestamp() + _time.TimestampFrequency, CancellationToken.None);

        Assert.True(pacer.WaitUntilAsync(_time.GetTimestamp(), CancellationToken.None).IsCompleted);
        Assert.False(later.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await later.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private double Wait(BytePacer pacer, long due) => Math.Round(Math.Max(0, _time.GetElapsedTime(_time.GetTimestamp(), due).TotalMilliseconds), 1);
}
