using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Protocol.Wire;

public sealed class SessionTokensTests
{
    private readonly SessionTokens _tokens = new();
    private readonly SessionId _session = SessionId.New();

    [Fact]
    public void Admits_TheSessionsOwnToken() => Assert.True(_tokens.Admits(_session, _tokens.For(_session)));

    [Fact]
    public void For_TheSameSession_IsAlwaysTheSame() => Assert.Equal(_tokens.For(_session), _tokens.For(_session));

    [Fact]
    public void For_ASession_Is256BitsThatDoNotNameIt()
    {
        string token = _tokens.For(_session);

        Assert.Equal(43, token.Length);
        Assert.DoesNotContain(_session.ToString(), token, StringComparison.Ordinal);
    }

    [Fact]
    public void Admits_AnotherSessionsToken_Not() => Assert.False(_tokens.Admits(_session, _tokens.For(SessionId.New())));

    [Fact]
    public void Admits_AnotherConnectorsToken_Not() => Assert.False(_tokens.Admits(_session, new SessionTokens().For(_session)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Admits_WhatIsNoToken_Not(string? token) => Assert.False(_tokens.Admits(_session, token));

    [Fact]
    public void Admits_ATruncatedToken_Not()
    {
        string token = _tokens.For(_session);

        for (int length = 0; length < token.Length; length++)
        {
            Assert.False(_tokens.Admits(_session, token[..length]));
        }
    }

    [Fact]
    public void Admits_ATokenWithSomethingAdded_Not()
    {
        string token = _tokens.For(_session);

        Assert.False(_tokens.Admits(_session, token + "A"));
        Assert.False(_tokens.Admits(_session, token + " "));
        Assert.False(_tokens.Admits(_session, " " + token));
    }

    [Fact]
    public void Admits_ATokenWithOneCharacterChanged_Not()
    {
        string token = _tokens.For(_session);

        for (int i = 0; i < token.Length; i++)
        {
            string changed = $"{token[..i]}{(token[i] == 'A' ? 'B' : 'A')}{token[(i + 1)..]}";
            Assert.False(_tokens.Admits(_session, changed));
        }
    }
}
