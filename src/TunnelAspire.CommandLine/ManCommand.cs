using System.CommandLine;

namespace TunnelAspire.CommandLine;

/// <summary><c>man</c>: prints the manual page, made from the commands themselves.</summary>
internal sealed class ManCommand : Command
{
    /// <summary>The command, for the program of <paramref name="root"/>.</summary>
    public ManCommand(RootCommand root, Manual manual)
        : base("man", "Print the manual page")
    {
        Hidden = true;
        SetAction(arguments => arguments.InvocationConfiguration.Output.Write(new ManPage(root, manual).ToString()));
    }
}
