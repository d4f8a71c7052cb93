using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace TunnelAspire.CommandLine;

/// <summary>Gives a program its pages.</summary>
public static class Pages
{
    /// <summary>Adds examples to the help, and the commands <c>completion</c> and <c>man</c>.</summary>
    public static void AddPages(this RootCommand root, Manual manual)
    {
        root.Add(new CompletionCommand(manual.Program));
        root.Add(new CompleteCommand(root));
        root.Add(new ManCommand(root, manual));
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!);
    }
}
