using CsCheck;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Protocol.Wire;

public sealed class WireTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("007", 7)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void TryParseOffset_OfDigits_ReadsThem(string text, long expected)
    {
        Assert.True(WireText.TryParseOffset(text, out long offset));
        Assert.Equal(expected, offset);
    }

    [Theory]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("-0")]
    [InlineData("1-")]
    public void TryParseOffset_WithASign_Refuses(string text) => Refuses(text);

    [Theory]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1\t")]
    [InlineData("1\n")]
    [InlineData(" ")]
    public void TryParseOffset_WithSpaces_Refuses(string text) => Refuses(text);

    [Theory]
    [InlineData("0x10")]
    [InlineData("ff")]
    [InlineData("1.0")]
    [InlineData("1,000")]
    [InlineData("1e3")]
    [InlineData("(1)")]
    [InlineData("$1")]
    [InlineData("1\0")]
    [InlineData("\u0661")]
    [InlineData("\uff11")]
    [InlineData("")]
    [InlineData(null)]
    public void TryParseOffset_OfAnythingButDecimalDigits_Refuses(string? text) => Refuses(text);

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("18446744073709551616")]
    [InlineData("99999999999999999999999999999999")]
    public void TryParseOffset_BeyondTheLargest_Refuses(string text) => Refuses(text);

    [Fact]
    public void Format_OfAnyOffset_IsReadBack() =>
        Gen.Long[0, long.MaxValue].Sample(offset => WireText.TryParseOffset(WireText.Format(offset), out long read) && read == offset);

    private static void Refuses(string? text) => Assert.False(WireText.TryParseOffset(text, out _));
}
