using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using TunnelAspire.Connector;
using TunnelAspire.Connector.Audit;
using TunnelAspire.Http.Limits;
using TunnelAspire.Relay;
using TunnelAspire.Routing;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Docs;

/// <summary>What docs/configuration.md says of each option is what the option has: its name, and its default where that is a number or a time.</summary>
public sealed partial class ConfigurationDocumentTests
{
    private static readonly string Document = Repository.Read("docs/configuration.md");

    public static TheoryData<string, Type> Sections() => new()
    {
        { ConnectorOptions.Section, typeof(ConnectorOptions) },
        { RelayOptions.Section, typeof(RelayOptions) },
        { RoutingOptions.Section, typeof(RoutingOptions) },
        { LimitOptions.Section, typeof(LimitOptions) },
        { AuditOptions.Section, typeof(AuditOptions) },
    };

    [Theory]
    [MemberData(nameof(Sections))]
    public void Options_OfASection_AreThoseOfTheDocument(string section, Type options)
    {
        object defaults = Activator.CreateInstance(options)!;
        Dictionary<string, string> told = Row().Matches(Text(section)).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["default"].Value);
        PropertyInfo[] made = [.. options.GetProperties().Where(property => property.CanWrite)];

        Assert.Equal(made.Select(property => property.Name).Order(), told.Keys.Order());
        Assert.All(made, property => Assert.StartsWith(Default(property.GetValue(defaults)), told[property.Name], StringComparison.Ordinal));
    }

    /// <summary>The default as the document writes it; nothing where it says it in words.</summary>
    private static string Default(object? value) => value switch
    {
        TimeSpan time => $"`{time:c}`",
        int or long when Convert.ToInt64(value, CultureInfo.InvariantCulture) is not 0 and var number => number.ToString(CultureInfo.InvariantCulture),
        int or long => "`0`",
        _ => "",
    };

    private static string Text(string section) => Regex.Match(Document, $"^## {section}$.*?(?=^## |\\z)", RegexOptions.Multiline | RegexOptions.Singleline).Value.Split("\n### ")[0];

    // | `Window` | 16777216 |
    [GeneratedRegex("""^\| `(?<name>\w+)` \| (?<default>[^|]+) \|""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
