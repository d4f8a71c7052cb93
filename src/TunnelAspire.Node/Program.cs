using System.CommandLine;
using TunnelAspire.Node;

RootCommand root = new NodeCommand();
ParseResult arguments = root.Parse(args);
if (arguments.Errors.Count == 0)
{
    return await arguments.InvokeAsync();
}

Console.Error.WriteLine($"tunneld: {arguments.Errors[0].Message}");
return 2;
