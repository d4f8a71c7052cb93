using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Identity;

/// <summary>Static tokens: made by <c>tunneld token new</c>, known by their hashes, shown by agents.</summary>
public sealed class TokenTests : IDisposable
{
    private static readonly string Program = Installed.Built("TunnelAspire.Node", "tunneld");

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Tokens_AreReadAgain_AtBothEnds_AndABrokenFileChangesNothing()
    {
        string known = _scratch.File("tokens");
        string anns = await ChildProcess.RunAsync(Program, "token", "new", "ann", "--role", "dba", "--file", known);
        string shown = _scratch.Write("token", anns + "\n");
        await using Entrance entrance = await Entrance.StartAsync([], "--tokens", known);
        (ChildProcess agent, int port) = await entrance.StartAgentAsync("--token-file", shown);
        await using (agent)
        {
            Assert.True(await entrance.PassesAsync(port), agent.Output);

            File.Delete(known);
            string bobs = await ChildProcess.RunAsync(Program, "token", "new", "bob", "--expires", "1d", "--file", known);
            await entrance.Server.LineAsync($"The file '{known}' has changed, and is in force");
            Assert.False(await entrance.PassesAsync(port));
            Assert.Contains($"unauthenticated: the server does not accept the token of the file '{shown}': the token is not one that is known here", await agent.LineAsync(" reset: "), StringComparison.Ordinal);

            _scratch.Write("token", bobs);
            Assert.True(await entrance.PassesAsync(port), agent.Output);

            _scratch.Write("tokens", "bob sha256:nonsense\n");
            Assert.Contains("line 1: what stands after the name", await entrance.Server.LineAsync("What has changed is not in force, what was before still is: the file "), StringComparison.Ordinal);
            Assert.True(await entrance.PassesAsync(port), agent.Output);
        }
    }

    [Fact]
    public async Task Token_ThatHasExpired_CountsNoMore()
    {
        string[] made = await StrangerTests.FreshAsync("ann", "--expires", "2020-01-01");
        await using Entrance entrance = await Entrance.StartAsync(new() { ["Identity__Tokens__0"] = made[1] });

        Assert.Equal("401 the token of ann has expired at 2020-01-01 00:00:00Z", await entrance.OpenAsync(made[0]));
    }

    [Fact]
    public async Task Agent_WithoutAToken_IsToldWhatToGive()
    {
        await using Entrance entrance = await GuardedAsync();
        (ChildProcess agent, int port) = await entrance.StartAgentAsync();
        await using (agent)
        {
            const string advice = "the server wants to know who opens sessions: give --token-file FILE, or the token in TUNNEL_TOKEN";
            await agent.LineAsync($"Sessions cannot be opened: {advice}"); // at once, before anybody needs a session

            Assert.False(await entrance.PassesAsync(port));
            Assert.Contains($"unauthenticated: {advice}", await agent.LineAsync(" reset: "), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("tunnel_of-nobody", "the relay answers, but does not accept the token: the token is not one that is known here")]
    [InlineData(null, "the relay answers, and wants to know who asks: a token is needed here")]
    public async Task Doctor_SaysThatAnotherTokenIsNeeded(string? token, string said)
    {
        await using Entrance entrance = await GuardedAsync();
        await using ChildProcess doctor = ChildProcess.Start(
            Installed.Built("TunnelAspire.Agent", "tunnel"), ["doctor", entrance.Url, "--quick"], token is null ? null : new Dictionary<string, string> { ["TUNNEL_TOKEN"] = token });

        Assert.Equal(1, await doctor.ExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(said, doctor.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WithTheToken_FindsThePath()
    {
        string[] made = await StrangerTests.FreshAsync("ann");
        await using Entrance entrance = await Entrance.StartAsync(new() { ["Identity__Tokens__0"] = made[1] });
        await using ChildProcess doctor = ChildProcess.Start(
            Installed.Built("TunnelAspire.Agent", "tunnel"), ["doctor", entrance.Url, "--quick"], new Dictionary<string, string> { ["TUNNEL_TOKEN"] = made[0] });

        Assert.Equal(0, await doctor.ExitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task OpenToEveryone_IsSaid_AndStillKnowsWhoShowsAToken()
    {
        string[] made = await StrangerTests.FreshAsync("ann");
        await using Entrance entrance = await Entrance.StartAsync(new() { ["Identity__Tokens__0"] = made[1] }, "--open");

        await entrance.Server.LineAsync("Open to everyone");
        Assert.StartsWith("201 ", await entrance.OpenAsync(null), StringComparison.Ordinal);
        Assert.StartsWith("201 ", await entrance.OpenAsync(made[0]), StringComparison.Ordinal);
        Assert.StartsWith("401 ", await entrance.OpenAsync("wrong"), StringComparison.Ordinal);
        Assert.DoesNotContain("was not authenticated", entrance.Server.Output, StringComparison.Ordinal); // strangers do not fill the log
    }

    private static async Task<Entrance> GuardedAsync() =>
        await Entrance.StartAsync(new() { ["Identity__Tokens__0"] = (await StrangerTests.FreshAsync("ann"))[1] });
}
