namespace TunnelAspire.EmbeddedHosting.Running;

/// <summary>One log for all processes: each line begins with its writer's name, in its colour where a terminal shows it.</summary>
internal sealed class RunLog(TextWriter output, bool coloured, int nameWidth)
{
    private const string Engine = "apphost";
    private const string Reset = "\e[0m";
    private const string Strong = "\e[1m";
    private const string Warning = "\e[33m";

    private static readonly string[] Colours = ["\e[36m", "\e[32m", "\e[35m", "\e[34m", "\e[96m", "\e[92m", "\e[95m", "\e[94m"];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _colours = [];

    /// <summary>To standard output; colours only on a terminal, and not where NO_COLOR is set.</summary>
    public static RunLog ToConsole(IEnumerable<string> names) => new(
        Console.Out,
        coloured: !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        nameWidth: names.Append(Engine).Max(name => name.Length));

    /// <summary>A line of a process.</summary>
    public void Write(string name, string line) => Write(name, line, "");

    /// <summary>What the engine did.</summary>
    public void Note(string line) => Write(Engine, line, Strong);

    /// <summary>What the person at the terminal should know.</summary>
    public void Warn(string line) => Write(Engine, line, Warning);

    /// <summary>Lines that stand together, without a prefix.</summary>
    public void Block(IEnumerable<string> lines)
    {
        lock (_lock)
        {
            foreach (string line in lines)
            {
                output.WriteLine(coloured ? $"{Strong}{line}{Reset}" : line);
            }
        }
    }

    private void Write(string name, string line, string style)
    {
        lock (_lock)
        {
            string prefix = name.PadRight(nameWidth) + " | ";
            output.WriteLine(coloured ? $"{ColourOf(name)}{prefix}{Reset}{style}{line}{Reset}" : prefix + line);
        }
    }

    private string ColourOf(string name)
    {
        if (!_colours.TryGetValue(name, out string? colour))
        {
            _colours[name] = colour = Colours[_colours.Count % Colours.Length];
        }

        return colour;
    }
}
