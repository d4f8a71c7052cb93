using System.Text.RegularExpressions;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Protocol.Wire;

public sealed partial class TunnelErrorsTests
{
    public static TheoryData<TunnelError> All => [.. Enum.GetValues<TunnelError>()];

    [Theory]
    [MemberData(nameof(All))]
    public void Table_ForEveryError_HasAnEntry(TunnelError error)
    {
        Assert.Matches(KebabCase(), error.Code());
        Assert.InRange(error.Status(), 400, 599);
        Assert.True(Enum.IsDefined(error.Kind()));
        Assert.NotEmpty(error.Title());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void TryParse_OfItsCode_GivesTheError(TunnelError error)
    {
        Assert.True(TunnelErrors.TryParse(error.Code(), out TunnelError read));
        Assert.Equal(error, read);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Code_IsTheErrorsNameInKebabCase(TunnelError error) =>
        Assert.Equal(error.ToString(), error.Code().Replace("-", "", StringComparison.Ordinal), ignoreCase: true);

    [Theory]
    [MemberData(nameof(All))]
    public void Status_IsNoneThatGatewaysReplace(TunnelError error) => Assert.True(error.Status() is not (502 or 504));

    [Fact]
    public void Code_OfEachError_IsItsOwn() =>
        Assert.Equal(Enum.GetValues<TunnelError>().Length, Enum.GetValues<TunnelError>().Select(error => error.Code()).Distinct().Count());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("added-later")]
    [InlineData("Internal")]
    [InlineData("SESSION-GONE")]
    [InlineData("session-gone ")]
    [InlineData("410")]
    public void TryParse_OfAnUnknownCode_SaysSo(string? code) => Assert.False(TunnelErrors.TryParse(code, out _));

    [GeneratedRegex("^[a-z]+(-[a-z]+)*$")]
    private static partial Regex KebabCase();
}
