using System.Text;
using TunnelAspire.Agent.Settings;

namespace TunnelAspire.Tests.Agent.Settings;

public sealed class SettingsTextTests
{
    [Fact]
    public void Parse_OfAFile_GivesItsValuesByTheirKeys()
    {
        SettingsText text = Parse("""
            // A comment, and commas that trail.
            {
              "$schema": "tunnel.schema.json",
              "agent": {
                "server": "https://relay.example", /* another comment */
                "Forwards": { "db": "5432:db:5432", "web.site": "80:web:80", },
                "Socks": { "Listen": ["1080", "1081"] },
                "Headers": [],
                "Mode": null,
              },
              "Logging": { "LogLevel": { "TunnelAspire.Agent": "Debug" } }
            }
            """);

        Assert.Equal(
            [
                ("$schema", "tunnel.schema.json"), ("agent:Forwards:db", "5432:db:5432"), ("agent:Forwards:web.site", "80:web:80"), ("agent:server", "https://relay.example"),
                ("agent:Socks:Listen:0", "1080"), ("agent:Socks:Listen:1", "1081"), ("Logging:LogLevel:TunnelAspire.Agent", "Debug"),
            ],
            text.Values.Select(value => (value.Key, value.Value)).OrderBy(value => value.Key, StringComparer.OrdinalIgnoreCase));
        Assert.Equal("https://relay.example", text.Values["Agent:Server"]);
    }

    [Fact]
    public void Parse_OfAListOfForwards_NumbersThem() =>
        Assert.Equal(["1:a:1", "2:b:2"], Parse("""{"Agent":{"Forwards":["1:a:1","2:b:2"]}}""").Values.OrderBy(value => value.Key).Select(value => value.Value));

    [Theory]
    [InlineData("", "line 1, column 1: this is no JSON: ")]
    [InlineData("{", "line 1, column 2: this is no JSON: ")]
    [InlineData("{\n  \"Agent\": {\n    \"Server\" \"x\"\n  }\n}", "line 3, column 14: this is no JSON: ")]
    [InlineData("{}\n{}", "line 2, column 1: this is no JSON: ")]
    [InlineData("[]", "line 1, column 1: the file is an object {…} here")]
    [InlineData("{\n  \"Agnet\": {}\n}", "line 2, column 3: Agnet is no setting; is Agent meant?")]
    [InlineData("{\"Agent\":{\n\"Forward\":{}}}", "line 2, column 1: Agent:Forward is no setting; is Forwards meant?")]
    [InlineData("{\"Agent\":{\"Socks\":{\n \"Port\":1}}}", "line 2, column 2: Agent:Socks:Port is no setting; there are Listen, User, Password")]
    [InlineData("{\"Agent\":{\"Whatever\":1}}", "line 1, column 11: Agent:Whatever is no setting; see docs/configuration.md")]
    [InlineData("{\"Agent\":{\"Server\":\"a\",\n\"server\":\"b\"}}", "line 2, column 1: Agent:server stands here a second time")]
    [InlineData("{\"Agent\":{\"Server\":{}}}", "line 1, column 20: Agent:Server is a text \"…\" here")]
    [InlineData("{\"Agent\":{\"OpenTimeout\":30}}", "line 1, column 25: Agent:OpenTimeout is a text \"…\" here: put it into quotes")]
    [InlineData("{\"Agent\":{\"Headers\":\"A: b\"}}", "line 1, column 21: Agent:Headers is a list […] here")]
    [InlineData("{\"Agent\":{\"Forwards\":\"1:a:1\"}}", "line 1, column 22: Agent:Forwards is an object {…} or a list […] here")]
    [InlineData("{\"Agent\":{\"Forwards\":{\"a\":[]}}}", "line 1, column 27: Agent:Forwards:a is a text \"…\" here")]
    [InlineData("{\"Agent\":{\"Forwards\":[\"1:a:1\",\n\n  7]}}", "line 3, column 3: Agent:Forwards:1 is a text \"…\" here")]
    [InlineData("\uFEFF{\"A\":1}", "line 1, column 5: A is no setting")]
    public void Parse_OfWhatCannotBeUsed_SaysWhereItIsWrong(string text, string message)
    {
        FormatException wrong = Assert.Throws<FormatException>(() => Parse(text));

        Assert.StartsWith($"/etc/tunnel.json, {message}", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Locate_OfASettingThatTheFileHas_NamesItsPlace()
    {
        SettingsText text = Parse("{\n \"Agent\": {\n  \"Mode\": \"fast\"\n }\n}");

        Assert.Equal("/etc/tunnel.json, line 3, column 3: Agent:Mode: the mode 'fast' is none", text.Locate(new SettingException("Agent:Mode", "the mode 'fast' is none")));
        Assert.Equal("the mode 'slow' is none", text.Locate(new SettingException("Agent:Mode", "the mode 'slow' is none"))); // the command line's
        Assert.Equal("the host 'x' is none", text.Locate(new SettingException("Agent:Host", "the host 'x' is none")));
        Assert.Equal("/etc/tunnel.json, line 3, column 3: Agent:Mode is strange", text.Locate(new InvalidOperationException("Agent:Mode is strange")));
    }

    [Theory]
    [InlineData("line 4, column 4: --cert and --key belong together (Agent:Certificate, Agent:Key)", "--cert and --key belong together (Agent:Certificate, Agent:Key)")]
    [InlineData("line 3, column 15: Agent:Headers:0: the header 'nocolon' is none", "the header 'nocolon' is none")]
    [InlineData("line 6, column 2: Logging:LogLevel:Default: Configuration value 'Loud' is not supported.", "Configuration value 'Loud' is not supported.")]
    public void Locate_OfAMessageThatNamesASetting_OrQuotesItsValue_NamesItsPlace(string located, string message)
    {
        SettingsText text = Parse("""
            {
             "Agent": {
               "Headers":["nocolon"],
               "Certificate": "a.pem" },
             "Logging": { "LogLevel": {
             "Default": "Loud" } } }
            """);

        Assert.Equal($"/etc/tunnel.json, {located}", text.Locate(new FormatException(message)));
    }

    [Fact]
    public void Locate_OfAnotherSetting_WhoseNameBeginsAlike_NamesNoPlace() =>
        Assert.Equal("Agent:Model is no setting", Parse("""{ "Agent": { "Mode": "auto" } }""").Locate(new SettingException("Agent:Model", "Agent:Model is no setting")));

    private static SettingsText Parse(string text) => SettingsText.Parse("/etc/tunnel.json", Encoding.UTF8.GetBytes(text));
}
