using SharpFuzz;
using TunnelAspire.Tests.Fuzzing;

// eng/fuzz.sh runs this under afl-fuzz, which sees by the instrumented assemblies which ways a text takes, and looks for new ones.
switch (args)
{
    case ["list"]:
        foreach (Parser parser in Parsers.All)
        {
            Console.WriteLine(parser.Name);
        }

        return 0;
    case ["seeds", string name, string folder] when Find(name) is { } parser:
        Directory.CreateDirectory(folder);
        for (int i = 0; i < parser.Seeds.Length; i++)
        {
            File.WriteAllText(Path.Combine(folder, $"{i}"), parser.Seeds[i]);
        }

        return 0;
    case ["run", string name] when Find(name) is { } parser:
        Fuzzer.Run(parser.Check);
        return 0;
    case ["try", string name, string file] when Find(name) is { } parser:
        parser.Check(File.ReadAllText(file));
        return 0;
    default:
        Console.Error.WriteLine("TunnelAspire.Fuzz: list | seeds PARSER FOLDER | run PARSER | try PARSER FILE");
        return 2;
}

static Parser? Find(string name) => Parsers.All.FirstOrDefault(parser => parser.Name == name);
