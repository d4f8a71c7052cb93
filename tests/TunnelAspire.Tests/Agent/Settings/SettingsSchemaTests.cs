using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using TunnelAspire.Agent;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.Settings;

/// <summary>The schema, the options and the documents say the same.</summary>
public sealed partial class SettingsSchemaTests
{
    private static readonly SettingsSchema Agent = SettingsSchema.Root.Of(AgentOptions.Section)!;

    [Fact]
    public void Schema_HasEveryOption_AndNoOther()
    {
        Assert.Equal(Options(typeof(AgentOptions)), Agent.Names.Order(StringComparer.Ordinal));
        Assert.Equal(Options(typeof(SocksOptions)), Agent.Of("Socks")!.Names.Order(StringComparer.Ordinal));
    }

    public static TheoryData<string> Examples =>
    [
        Repository.Read("samples/agent/tunnel.json"),
        .. JsonBlock().Matches(Repository.Read("docs/configuration.md")).Select(block => block.Groups[1].Value).Where(block => block.Contains("\"Agent\"", StringComparison.Ordinal)),
    ];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Example_OfTheDocuments_CanBeUsed(string example)
    {
        SettingsText text = SettingsText.Parse("example.json", System.Text.Encoding.UTF8.GetBytes(example));
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(text.Values).Build();
        AgentOptions options = configuration.GetSection(AgentOptions.Section).Get<AgentOptions>()!;

        Agent.Check(configuration.GetSection(AgentOptions.Section));
        options.Check();
        Assert.NotEmpty(options.Forwards);
    }

    [Theory]
    [InlineData("Agent:Server", null)]
    [InlineData("agent:forwards:db", null)]
    [InlineData("Agent:Forwards:0", null)]
    [InlineData("Agent:Socks:Listen:0", null)]
    [InlineData("Agent:Forwards:db:port", "Agent:Forwards:db:port is no setting")]
    [InlineData("Agent:Srever", "Agent:Srever is no setting; is Server meant?")]
    [InlineData("Agent:Socks:Pasword", "Agent:Socks:Pasword is no setting; is Password meant?")]
    public void Check_OfASettingFromAnywhere_NamesItIfItIsNone(string key, string? message)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new(key, "x")]).Build();

        Assert.StartsWith(message ?? "", Record.Exception(() => Agent.Check(configuration.GetSection("Agent")))?.Message ?? "", StringComparison.Ordinal);
        Assert.Equal(message is null, Record.Exception(() => Agent.Check(configuration.GetSection("Agent"))) is null);
    }

    [Fact]
    public void Way_ChangesWithEveryOptionOfTheServer_AndNotWithForwards()
    {
        string first = OptionsText.Way(new AgentOptions { Server = "http://a" });

        Assert.Equal(first, OptionsText.Way(new AgentOptions { Server = "http://a", Forwards = { ["db"] = "1:a:1" }, Standard = "a:1" }));
        Assert.NotEqual(first, OptionsText.Way(new AgentOptions { Server = "http://b" }));
        Assert.NotEqual(first, OptionsText.Way(new AgentOptions { Server = "http://a", Mode = "poll" }));
        Assert.NotEqual(first, OptionsText.Way(new AgentOptions { Server = "http://a", Headers = ["A: b"] }));
        Assert.NotEqual(first, OptionsText.Way(new AgentOptions { Server = "http://a", OpenTimeout = TimeSpan.FromSeconds(5) }));
    }

    private static IEnumerable<string> Options(Type type) => type.GetProperties().Where(property => property.CanWrite).Select(property => property.Name).Order(StringComparer.Ordinal);

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();
}
