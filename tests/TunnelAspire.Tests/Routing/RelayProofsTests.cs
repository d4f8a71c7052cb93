using System.Text;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Routing;

namespace TunnelAspire.Tests.Routing;

public sealed class RelayProofsTests
{
    private const string First = "the first key, of 32 characters!";
    private const string Second = "the second key, of 33 characters!";
    private static readonly ConnectorAddress Self = new("connector-0", 1700000000000, new Uri("http://connector-0:8080"));

    private readonly ClusterKeys _keys = new(First);

    [Fact]
    public void Admits_TheProofForItsAddress() => Assert.True(Admits(_keys, Self, new RelayProofs(_keys).For(Self)));

    [Fact]
    public void For_TheSameConnector_IsTheSameText()
    {
        RelayProofs proofs = new(_keys);

        Assert.Same(proofs.For(Self), proofs.For(Self with { Url = new Uri("http://connector-0:8080") }));
    }

    [Fact]
    public void Admits_AProofForAnyOtherAddress_Not()
    {
        ConnectorAddress[] others = [Self with { Name = "connector-1" }, Self with { Epoch = 1 }, Self with { Url = new Uri("http://connector-0:8081") }];

        Assert.All(others, other => Assert.False(Admits(_keys, Self, new RelayProofs(_keys).For(other))));
    }

    [Fact]
    public void Admits_AProofForAnEarlierRun_WhereThatIsNamed()
    {
        string proof = new RelayProofs(_keys).For(Self with { Epoch = 17 })!;

        Assert.True(new RelayProofs(_keys).Admits(Self, proof, "17"));
        Assert.False(new RelayProofs(_keys).Admits(Self, proof, "18"));
        Assert.False(new RelayProofs(_keys).Admits(Self, proof, null));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("ääääääääääääääääääääääääääääääääääääääääääää")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Admits_WhatIsNoProof_Not(string? proof) => Assert.False(new RelayProofs(_keys).Admits(Self, proof, "17"));

    [Fact]
    public void Admits_WithoutAKey_NobodyProved()
    {
        RelayProofs none = new(new ClusterKeys());

        Assert.False(none.Required);
        Assert.Null(none.For(Self));
        Assert.False(none.Admits(Self, ReadOnlySpan<byte>.Empty));
    }

    [Fact]
    public void Keys_ReplacedOneAfterAnother_AreAcceptedAllTheWay()
    {
        ClusterKeys relays = new(First);
        ClusterKeys connectors = new(First);
        RelayProofs proofs = new(relays);
        RelayProofs admission = new(connectors);

        foreach (string[] step in (string[][])[[First, Second], [Second, First], [Second]])
        {
            connectors.Replace(step);
            Assert.True(admission.Admits(Self, proofs.For(Self), null));
            relays.Replace(step);
            Assert.True(admission.Admits(Self, proofs.For(Self), null));
        }

        Assert.False(admission.Admits(Self, new RelayProofs(new ClusterKeys(First)).For(Self), null));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData(" \n", 0)]
    [InlineData("the-first-key-of-33-characters-00", 1)]
    [InlineData("the-first-key-of-33-characters-00,the-first-key-of-33-characters-01\n", 2)]
    public void Parse_OfKeys_ReadsThem(string text, int count) => Assert.Equal(count, ClusterKeys.Parse(text).Count);

    [Fact]
    public void Parse_OfAShortKey_SaysHowLong() =>
        Assert.Contains("32 characters", Assert.Throws<FormatException>(() => ClusterKeys.Parse("secret")).Message, StringComparison.Ordinal);

    private static bool Admits(ClusterKeys keys, ConnectorAddress self, string? proof)
    {
        RelayProofs admission = new(keys);
        return admission.Admits(self, proof, null) && admission.Admits(self, Encoding.ASCII.GetBytes(proof!));
    }
}
