using System.CommandLine;
using TunnelAspire.Agent.Commands;
using TunnelAspire.CommandLine;

namespace TunnelAspire.Tests.Agent.Commands;

public sealed class ExamplesTests
{
    public static TheoryData<string> Lines => [.. new IExplained[] { new ConnectCommand(), new DoctorCommand() }
        .SelectMany(command => command.Examples)
        .Select(example => example.Line[example.Line.IndexOf("tunnel ", StringComparison.Ordinal)..].Split('\'')[0])];

    [Theory]
    [MemberData(nameof(Lines))]
    public void Example_IsACommandLine(string line)
    {
        RootCommand root = new() { new ConnectCommand(), new DoctorCommand() };
        Assert.Empty(root.Parse(line["tunnel ".Length..]).Errors);
    }
}
