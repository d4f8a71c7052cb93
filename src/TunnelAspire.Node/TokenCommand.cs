using System.CommandLine;
using System.Globalization;
using System.Text;
using TunnelAspire.Http.Identity;

namespace TunnelAspire.Node;

/// <summary><c>tunneld token new NAME</c>: makes a token, and the line by which the server knows it. The token itself is nowhere but in what is printed.</summary>
internal sealed class TokenCommand : Command
{
    private readonly Argument<string> _name = new("name") { Description = "Whose token it is: 1 to 64 of A-Z a-z 0-9 . _ @ -" };
    private readonly Option<string?> _expires = new("--expires") { Description = "When it ends: a number of days (90d), or a time in UTC (2027-01-31, 2027-01-31T12:00:00Z). Default: never" };
    private readonly Option<string[]> _roles = new("--role") { Description = "A role of the caller. May be repeated" };
    private readonly Option<string?> _file = new("--file") { Description = "File of tokens to which the line is added; then only the token is printed" };

    /// <summary>The command, with the one that it has.</summary>
    public TokenCommand()
        : base("token", "Tokens of those who may open sessions")
    {
        Command fresh = new("new", "Make a token, and the line by which the server knows it");
        fresh.Add(_name);
        fresh.Add(_expires);
        fresh.Add(_roles);
        fresh.Add(_file);
        fresh.SetAction(Run);
        Add(fresh);
    }

    private int Run(ParseResult arguments)
    {
        try
        {
            string token = StaticTokens.Fresh();
            string line = StaticTokens.Line(arguments.GetRequiredValue(_name), token, Expiry(arguments.GetValue(_expires)), arguments.GetValue(_roles) ?? []);
            if (arguments.GetValue(_file) is { } file)
            {
                Append(file, line);
                Console.WriteLine(token);
                return 0;
            }

            Console.WriteLine(token);
            Console.WriteLine(line);
            Console.Error.WriteLine("The first line is the token: put it where only the agent reads it (tunnel connect --token-file FILE). The second is for the server's file (tunneld --tokens FILE).");
            return 0;
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"tunneld: {e.Message}");
            return 2;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"tunneld: {e.Message}");
            return 1;
        }
    }

    private static DateTimeOffset? Expiry(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (text.EndsWith('d') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int days) && days is > 0 and <= 36500)
        {
            return TimeProvider.System.GetUtcNow().AddDays(days);
        }

        return StaticTokens.ReadTime(text);
    }

    /// <summary>Adds a line. A file that is made for it is for its owner's eyes: it names callers, though no secret.</summary>
    private static void Append(string file, string line)
    {
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows() && !File.Exists(file))
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using FileStream stream = new(file, options);
        bool goesOn = false;
        if (stream.Length > 0)
        {
            stream.Seek(-1, SeekOrigin.End);
            goesOn = stream.ReadByte() != '\n';
        }

        stream.Write(Encoding.UTF8.GetBytes($"{(goesOn ? "\n" : "")}{line}\n"));
    }
}
