using System.CommandLine;
using TunnelAspire.CommandLine;
using TunnelAspire.Node;

StandardHandles.Guard();
RootCommand root = new NodeCommand();
root.AddPages(NodeManual.Page);
ParseResult arguments = root.Parse(args);
if (arguments.Errors.Count == 0)
{
    return await arguments.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }); // the host stops in its own time
}

Console.Error.WriteLine($"tunneld: {arguments.Errors[0].Message}");
return 2;
