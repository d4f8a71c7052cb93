using TunnelAspire.Protocol.Settings;

namespace TunnelAspire.Tests.Protocol.Settings;

public sealed class DurationAttributeTests
{
    private readonly DurationAttribute _range = new("00:00:00.100", "1.00:00:00");

    [Theory]
    [InlineData("00:00:00.100", true)]
    [InlineData("1.00:00:00", true)]
    [InlineData("00:00:00.0999999", false)]
    [InlineData("1.00:00:00.0000001", false)]
    [InlineData("-00:00:01", false)]
    public void Duration_IsValid_FromTheShortestToTheLongest(string duration, bool valid) =>
        Assert.Equal(valid, _range.IsValid(TimeSpan.Parse(duration, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void Duration_OutOfRange_IsToldWithTheRange() =>
        Assert.Equal("Hold must be 00:00:00.100 to 1.00:00:00", _range.FormatErrorMessage("Hold"));
}
