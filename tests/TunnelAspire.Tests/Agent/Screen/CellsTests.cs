using TunnelAspire.Agent.Screen;

namespace TunnelAspire.Tests.Agent.Screen;

public sealed class CellsTests
{
    [Theory]
    [InlineData("db.internal", 20, "db.internal")]
    [InlineData("db.internal", 11, "db.internal")]
    [InlineData("db.internal", 10, "db.i…ernal")]
    [InlineData("db.internal", 2, "…l")]
    [InlineData("db.internal", 1, "…")]
    [InlineData("db.internal", 0, "")]
    [InlineData("", 3, "")]
    [InlineData("資料庫資料庫", 7, "資…庫")]
    [InlineData("a😀b😀c😀d", 6, "a…😀d")]
    public void Shorten_LeavesOutTheMiddle(string text, int width, string expected) => Assert.Equal(expected, Cells.Shorten(text, width));

    [Theory]
    [InlineData("ab", 4, false, "ab  ")]
    [InlineData("ab", 4, true, "  ab")]
    [InlineData("資", 4, true, "  資")]
    public void Fit_FillsTheColumn(string text, int width, bool right, string expected) => Assert.Equal(expected, Cells.Fit(text, width, right));

    [Theory]
    [InlineData("one two three", 7, "one two|three")]
    [InlineData("one two three", 3, "one|two|thr|ee")]
    [InlineData("", 3, "")]
    [InlineData("  spaces   between ", 20, "spaces between")]
    public void Wrap_BreaksBetweenWords(string text, int width, string expected) => Assert.Equal(expected, string.Join('|', Cells.Wrap(text, width)));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(9994, "9.99 kB")]
    [InlineData(9996, "10.0 kB")]
    [InlineData(99_949, "99.9 kB")]
    [InlineData(99_951, "100 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_501, "1.00 MB")]
    [InlineData(long.MaxValue, "9.22 EB")]
    public void Bytes_HaveThreeDigits(double bytes, string expected) => Assert.Equal(expected, Figures.Bytes(bytes));

    [Theory]
    [InlineData(-1, "0 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(60, "1:00 min")]
    [InlineData(3599, "59:59 min")]
    [InlineData(3600, "1:00 h")]
    [InlineData(86_399, "23:59 h")]
    [InlineData(90_000, "1 d 01 h")]
    public void Time_IsShort(double seconds, string expected) => Assert.Equal(expected, Figures.Time(seconds));

    [Theory]
    [InlineData(0, "-")]
    [InlineData(1500, "1.50 kB/s")]
    public void Rate_OfNothing_IsADash(double rate, string expected) => Assert.Equal(expected, Figures.Rate(rate));
}
