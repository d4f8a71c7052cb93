using TunnelAspire.Agent.Doctor.Output;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class WordsTests
{
    [Theory]
    [InlineData(64, "64 bytes")]
    [InlineData(4096, "4 KiB")]
    [InlineData(1536 * 1024, "1.5 MiB")]
    [InlineData(64 * 1024 * 1024, "64 MiB")]
    public void Bytes_AreBinary(long bytes, string words) => Assert.Equal(words, Words.Bytes(bytes));

    [Theory]
    [InlineData(900, "0.9 kB/s")]
    [InlineData(12_340_000, "12.3 MB/s")]
    [InlineData(1_234_000_000, "1234 MB/s")]
    public void Rates_AreDecimal(double rate, string words) => Assert.Equal(words, Words.Rate(rate));

    [Theory]
    [InlineData(0.354, "0.35 ms")]
    [InlineData(44.4, "44 ms")]
    [InlineData(1234, "1.2 s")]
    [InlineData(35_001, "35 s")]
    public void Times_HaveTheUnitThatFits(double milliseconds, string words) => Assert.Equal(words, Words.Time(milliseconds));
}
