using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Protocol.Wire;

public sealed class SessionIdTests
{
    [Fact]
    public void New_WrittenAndRead_IsTheSame()
    {
        SessionId id = SessionId.New();

        Assert.True(SessionId.TryParse(id.ToString(), out SessionId read));

        Assert.Equal(id, read);
        Assert.Equal(SessionId.Length, id.ToString().Length);
    }

    [Fact]
    public void New_Repeated_NeverGivesTheSame()
    {
        HashSet<SessionId> ids = [.. Enumerable.Range(0, 1000).Select(_ => SessionId.New())];

        Assert.Equal(1000, ids.Count);
    }

    [Fact]
    public void FromOpenKey_OfTheSameKey_IsTheSameId() =>
        Assert.Equal(SessionId.FromOpenKey("a key", "ann"), SessionId.FromOpenKey("a key", "ann"));

    [Fact]
    public void FromOpenKey_OfOtherKeys_IsAnotherId()
    {
        string[] keys = ["", "a", "A", "a ", "b", "aa"];

        Assert.Equal(keys.Length, keys.Select(key => SessionId.FromOpenKey(key, "ann")).Distinct().Count());
    }

    [Fact]
    public void FromOpenKey_WrittenAndRead_IsTheSame()
    {
        SessionId id = SessionId.FromOpenKey("a key", "ann");

        Assert.True(SessionId.TryParse(id.ToString(), out SessionId read));

        Assert.Equal(id, read);
    }

    [Fact]
    public void FromOpenKey_DoesNotGiveTheKeyAway() =>
        Assert.DoesNotContain("key", SessionId.FromOpenKey("key", "ann").ToString(), StringComparison.OrdinalIgnoreCase);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA+")]
    [InlineData("AAAAAAAAAAAAAAAAAAAA/A")]
    [InlineData("AAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("AAAAAAAAAA AAAAAAAAAAA")]
    [InlineData("../AAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAA\r\n")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA\u00e9")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA\uff21")]
    public void TryParse_MalformedText_Refuses(string? text)
    {
        Assert.False(SessionId.TryParse(text, out SessionId id));
        Assert.Equal(default, id);
    }

    [Fact]
    public void Equals_OfTheSameTextAndOfAnotherCase_TellsThemApart()
    {
        Assert.True(SessionId.TryParse("AAAAAAAAAAAAAAAAAAAAAA", out SessionId upper));
        Assert.True(SessionId.TryParse("AAAAAAAAAAAAAAAAAAAAAA", out SessionId same));
        Assert.True(SessionId.TryParse("aAAAAAAAAAAAAAAAAAAAAA", out SessionId lower));

        Assert.Equal(upper, same);
        Assert.NotEqual(upper, lower);
    }

    [Fact]
    public void Prefix_IsTheBeginningOfTheText()
    {
        SessionId id = SessionId.New();

        Assert.Equal(8, id.Prefix.Length);
        Assert.StartsWith(id.Prefix, id.ToString(), StringComparison.Ordinal);
    }
}
