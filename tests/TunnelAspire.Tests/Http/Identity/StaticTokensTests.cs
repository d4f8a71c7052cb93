using TunnelAspire.Http.Identity;

namespace TunnelAspire.Tests.Http.Identity;

public sealed class StaticTokensTests
{
    private const string Hash = "sha256:n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"; // of "test"

    [Fact]
    public void Find_OfATokenWhoseLineWasMade_FindsIt()
    {
        string token = StaticTokens.Fresh();
        DateTimeOffset end = new(2027, 1, 31, 12, 0, 5, TimeSpan.Zero);

        StaticToken found = StaticTokens.Parse($"{StaticTokens.Line("ann", token, end, ["dba", "ops"])}\n{StaticTokens.Line("bob", StaticTokens.Fresh(), null, [])}").Find(token)!;

        Assert.Equal(("ann", end, "dba,ops"), (found.Name, found.Expires!.Value, string.Join(',', found.Roles)));
    }

    [Theory]
    [InlineData($"ann {Hash}", "test", "ann")]
    [InlineData("ann sha256:9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08", "test", "ann")]
    [InlineData($"# all of them\r\n\r\n\t ann@host-1.x \t {Hash}   # by hand\r\n", "test", "ann@host-1.x")]
    [InlineData($"ann {Hash}", "Test", null)]
    [InlineData($"ann {Hash}", "", null)]
    [InlineData($"ann {Hash}", "test ", null)]
    [InlineData("", "test", null)]
    public void Find_ComparesTheWholeToken(string text, string presented, string? name) => Assert.Equal(name, StaticTokens.Parse(text).Find(presented)?.Name);

    [Theory]
    [InlineData("2027-01-31", "2027-01-31T00:00:00Z")]
    [InlineData("2027-01-31T12:30Z", "2027-01-31T12:30:00Z")]
    public void Expires_IsATimeInUtc(string text, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), StaticTokens.Parse($"ann {Hash} expires={text}").All[0].Expires);

    [Fact]
    public void Parse_OfOneNameTwice_KnowsBothTokens() =>
        Assert.Equal(2, StaticTokens.Parse($"{StaticTokens.Line("ann", "a", null, [])};{StaticTokens.Line("ann", "b", null, [])}").All.Count);

    [Theory]
    [InlineData("ann", "line 1: what stands after the name")]
    [InlineData("# nobody\nann test", "line 2: what stands after the name")]
    [InlineData("ann sha256:", "line 1: what stands after the name")]
    [InlineData($"ann {Hash}x", "line 1: what stands after the name")]
    [InlineData("ann sha256:n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgh", "line 1: what stands after the name")] // bits beyond the hash
    [InlineData($"ann:x {Hash}", "line 1: a caller's name is missing")]
    [InlineData($"anonymous {Hash}", "line 1: a caller's name is missing")]
    [InlineData($"ann {Hash} expires=31.1.2027", "line 1: '31.1.2027' is not a time")]
    [InlineData($"ann {Hash} expires=", "line 1: '' is not a time")]
    [InlineData($"ann {Hash} roles=", "line 1: '' is no role")]
    [InlineData($"ann {Hash} roles=a,,b", "line 1: '' is no role")]
    [InlineData($"ann {Hash} role=a", "line 1: 'ann': neither")]
    [InlineData($"ann {Hash}\nbob {Hash}", "line 2: the same token")]
    public void Parse_OfAWrongLine_NamesIt(string text, string named) =>
        Assert.Contains(named, Assert.Throws<FormatException>(() => StaticTokens.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("ann TOKEN")]
    [InlineData("TOKEN")]
    [InlineData("TOKEN ann")]
    [InlineData("ann sha256:TOKEN")]
    public void Parse_OfATokenWhereNoneBelongs_DoesNotRepeatIt(string line)
    {
        string token = StaticTokens.Fresh();

        FormatException refusal = Assert.Throws<FormatException>(() => StaticTokens.Parse(line.Replace("TOKEN", token, StringComparison.Ordinal)));

        Assert.DoesNotContain(token, refusal.ToString(), StringComparison.Ordinal);
    }
}
