namespace TunnelAspire.Http.Audit;

/// <summary>Text that comes from elsewhere and goes to a log: none may begin a line of its own there, or fill it.</summary>
public static class PrintableText
{
    private const int Longest = 256;

    /// <summary>The text's first 256 characters, with a question mark for each control character.</summary>
    public static string Of(string text) => string.Create(Math.Min(text.Length, Longest), text, static (printable, text) =>
    {
        for (int i = 0; i < printable.Length; i++)
        {
            printable[i] = char.IsControl(text[i]) || char.IsSurrogate(text[i]) ? '?' : text[i];
        }
    });
}
