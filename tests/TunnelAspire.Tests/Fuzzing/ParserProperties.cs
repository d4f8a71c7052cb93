using System.Globalization;
using CsCheck;

namespace TunnelAspire.Tests.Fuzzing;

/// <summary>
/// Every parser on texts that were made from valid ones: cut, doubled, spliced, with characters that parsers stumble over. A failure
/// prints its seed: set <c>CsCheck_Seed</c> to see it again. <c>TUNNEL_FUZZ=100</c> tries a hundred times as many.
/// </summary>
public sealed class ParserProperties
{
    private const int Texts = 10_000;
    private const string Odd = "\0\t\r\n \u00A0\u0130\u0661\u2028\uFEFF\uD800%[]{}()<>:;,.|/\\'\"#*?=&+-_~^$@!0189azAZ";

    private static readonly string[] Words =
        ["", "0", "-1", "65536", "9223372036854775808", "127.0.0.1", "::", "[::1]", "..", "//", "\r\n", "\r\n\r\n", "HTTP/1.1", "unix:/", "*", "null", "true", "{}", "[]", "sha256:", "seal=", new string('9', 400), new string('a', 5000)];

    /// <summary>How often a fuzzer is to run: by how much the environment asks for.</summary>
    public static int Times(int normally) =>
        normally * Math.Max(1, int.TryParse(Environment.GetEnvironmentVariable("TUNNEL_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out int more) ? more : 1);

    public static TheoryData<string> Names => [.. Parsers.All.Select(parser => parser.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Parser_OfAnyText_TakesItWholeOrRefusesIt(string name)
    {
        Parser parser = Parsers.All.Single(parser => parser.Name == name);
        foreach (string seed in parser.Seeds)
        {
            parser.Check(seed);
        }

        Mutated(parser.Seeds).Sample(parser.Check, iter: Times(Texts), threads: 1, print: text => $"{name}: '{Visible(text)}'");
    }

    private static Gen<string> Mutated(string[] seeds)
    {
        Gen<Func<string, string>> mutation = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000],
            (kind, where, other, which) => new Func<string, string>(text => Mutate(text, kind, where, other, which, seeds)));
        return Gen.Select(Gen.Int[0, seeds.Length - 1], mutation.Array[0, 6], (seed, mutations) => mutations.Aggregate(seeds[seed], (text, mutate) => mutate(text)));
    }

    private static string Mutate(string text, int kind, int where, int other, int which, string[] seeds)
    {
        int at = where % (text.Length + 1);
        int to = at + (other % (text.Length - at + 1));
        string rest = text[to..];
        return kind switch
        {
            0 => text[..at] + rest,
            1 => text[..at] + text[at..to] + text[at..to] + rest,
            2 => text[..at] + Odd[which % Odd.Length] + text[at..],
            3 => text[..at] + Odd[which % Odd.Length] + rest,
            4 => text[..at] + Words[which % Words.Length] + rest,
            5 => text[..at] + seeds[which % seeds.Length][..(other % (seeds[which % seeds.Length].Length + 1))] + rest,
            _ => text[..at] + (char)which + text[at..],
        };
    }

    private static string Visible(string text) => string.Concat(text.Take(500).Select(c => c is >= ' ' and <= '~' ? $"{c}" : $"\\u{(int)c:X4}"));
}
