using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.AgentProgram;

/// <summary>Where settings come from, which of them win, and what is said of those that are wrong.</summary>
public sealed class ConfigurationTests
{
    [Theory]
    [InlineData("Server: \"x\"", "line 1, column 14: this is no JSON: ")]
    [InlineData("\"Server\": \"ftp://x\"", "line 1, column 14: Agent:Server: the server 'ftp://x' is not a URL")]
    [InlineData("\"Server\": \"http://x\", \"Forwards\": {\"db\": \"5432\"}", "line 1, column 49: Agent:Forwards:db: '5432' is not a forward")]
    [InlineData("\"Server\": \"http://x\", \"Forwards\": {\"db\": \"1:a:1\"}, \"OpenTimeout\": \"1 s\"", "Agent:OpenTimeout")]
    [InlineData("\"Server\": \"http://x\", \"Forwards\": {\"db\": \"1:a:1\"}, \"Headers\": [\"nocolon\"]", "Agent:Headers:0: the header 'nocolon'")]
    [InlineData("\"Server\": \"http://x\", \"Socks\": {\"Listen\": [\"0\"], \"User\": \"ann\"}", "Agent:Socks:User and Agent:Socks:Password belong together")]
    [InlineData("\"Server\": \"http://x\", \"Forwards\": {\"db\": \"1:a:1\"}, \"OpenTimeout\": \"1:0:0\"", "Agent:OpenTimeout must be 00:00:01 to 00:10:00")]
    [InlineData("\"Server\": \"http://x\", \"Socks\": {\"Listen\": [\"1:2:3\"]}", "line 1, column 57: Agent:Socks:Listen:0: '1:2:3' is no address to listen on")]
    public async Task File_ThatIsWrong_IsExitCodeTwo_AndItsPlace(string agent, string message)
    {
        await using Agent wrong = new("{\"Agent\": {  " + agent + "}}");

        Assert.Equal(2, await wrong.Process.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.StartsWith("tunnel: ", wrong.Process.Output, StringComparison.Ordinal);
        Assert.Contains(wrong.File, wrong.Process.Output, StringComparison.Ordinal);
        Assert.Contains(message, wrong.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variable_ThatIsNoSetting_IsExitCodeTwo_AndNamed()
    {
        await using ChildProcess tunnel = ChildProcess.Start(Agent.Program, ["connect", "http://127.0.0.1:1", "-D", "0"], new Dictionary<string, string> { ["Agent__Mod"] = "poll" });

        Assert.Equal(2, await tunnel.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal("tunnel: Agent:Mod is no setting; is Mode meant?", tunnel.Output);
    }

    [Fact]
    public async Task Variable_ThatIsOneTextInPlaceOfAList_IsExitCodeTwo_AndSaysHowToWriteIt()
    {
        await using ChildProcess tunnel = ChildProcess.Start(Agent.Program, ["connect", "http://127.0.0.1:1"], new Dictionary<string, string> { ["Agent__Socks__Listen"] = "1080" });

        Assert.Equal(2, await tunnel.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.StartsWith("tunnel: Agent:Socks:Listen is a list […], and not one text: in the environment Agent__Socks__Listen__0", tunnel.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_ThatIsAPipe_IsReadOnce()
    {
        string file = """{"Agent":{"Server":"http://127.0.0.1:1","Control":"none","Forwards":["0:piped:7"]}}""";
        await using ChildProcess shell = ChildProcess.Start("bash", ["-c", $"'{Agent.Program}' connect --config <(echo '{file}')"]);

        await shell.LineAsync("to piped:7 through http://127.0.0.1:1/");
    }

    [Fact]
    public async Task CommandLine_WinsOverEnvironment_OverTheUsersFile()
    {
        using Scratch home = new();
        Directory.CreateDirectory(home.File("tunnel"));
        home.Write("tunnel/tunnel.json", """{ "Agent": { "Server": "http://file.invalid", "Mode": "fast", "Forwards": { "db": "0:file:1" }, "Socks": { "Listen": ["0"] } } }""");
        Dictionary<string, string> environment = new() { ["XDG_CONFIG_HOME"] = home.Folder, ["Agent__Mode"] = "poll", ["Agent__Control"] = "none" };

        await using (ChildProcess tunnel = ChildProcess.Start(Agent.Program, ["connect"], environment))
        {
            await tunnel.LineAsync("SOCKS and HTTP proxy on 127.0.0.1:");
            Assert.Contains("to file:1 through http://file.invalid/", tunnel.Output, StringComparison.Ordinal);
        }

        await using (ChildProcess tunnel = ChildProcess.Start(Agent.Program, ["connect", "http://line.invalid", "-L", "0:line:1"], environment))
        {
            await tunnel.LineAsync("to line:1 through http://line.invalid/");
            tunnel.Signal(ChildProcess.SigTerm);
            Assert.Equal(0, await tunnel.ExitAsync(TimeSpan.FromSeconds(20)));
            Assert.DoesNotContain("proxy on", tunnel.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Log_AsJson_IsOneObjectALine_AndNothingElse()
    {
        await using Agent agent = new("""{ "Agent": { "Server": "http://127.0.0.1:1", "Forwards": { "db": "0:a:1" } } }""", "--log", "json", "-v");
        await agent.Process.LineAsync("Takes connections: forwarding 127.0.0.1:");
        agent.Process.Signal(ChildProcess.SigTerm);

        Assert.Equal(0, await agent.Process.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.All(agent.Process.Output.Split('\n'), line => Assert.Contains("TunnelAspire.", System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("Category").GetString(), StringComparison.Ordinal));
        Assert.Contains("The agent has stopped after ", agent.Process.Output, StringComparison.Ordinal);
    }
}
