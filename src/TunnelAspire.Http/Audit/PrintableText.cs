using System.Buffers;

namespace TunnelAspire.Http.Audit;

/// <summary>Text that comes from elsewhere and goes to a log: none may begin a line of its own there, or fill it.</summary>
public static class PrintableText
{
    private const int Longest = 256;

    private static readonly SearchValues<char> Unprintable =
        SearchValues.Create([.. Enumerable.Range(0, char.MaxValue + 1).Select(code => (char)code).Where(IsUnprintable)]);

    /// <summary>The text's first 256 characters, with a question mark for each control character.</summary>
    public static string Of(string text) => text.Length <= Longest && !text.AsSpan().ContainsAny(Unprintable) ? text
        : string.Create(Math.Min(text.Length, Longest), text, static (printable, text) =>
        {
            for (int i = 0; i < printable.Length; i++)
            {
                printable[i] = IsUnprintable(text[i]) ? '?' : text[i];
            }
        });

    private static bool IsUnprintable(char character) => char.IsControl(character) || char.IsSurrogate(character);
}
