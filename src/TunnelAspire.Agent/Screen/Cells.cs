using Spectre.Console.Rendering;

namespace TunnelAspire.Agent.Screen;

/// <summary>Text by the columns that it takes in a terminal, where some characters take two, and some none.</summary>
internal static class Cells
{
    private const string Cut = "…";

    /// <summary>Columns that the text takes.</summary>
    public static int Width(string text) => Ascii(text) ? text.Length : new Segment(text).CellCount();

    /// <summary>The text in exactly so many columns: filled with spaces, or with its middle left out.</summary>
    public static string Fit(string text, int width, bool right = false)
    {
        string shown = Width(text) <= width ? text : Shorten(text, width);
        string space = new(' ', Math.Max(0, width - Width(shown)));
        return right ? space + shown : shown + space;
    }

    /// <summary>The text in at most so many columns; its middle is left out, for names differ at both ends.</summary>
    public static string Shorten(string text, int width)
    {
        if (width <= 1 || Width(text) <= width)
        {
            return Width(text) <= width ? text : Cut[..Math.Max(0, width)];
        }

        int head = (width - 1) / 2;
        int tail = width - 1 - head;
        return Start(text, head) + Cut + End(text, tail);
    }

    /// <summary>The text in lines of at most so many columns, broken between words where that is possible.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string rest = word;
            if (line.Length > 0 && Width(line) + 1 + Width(rest) > width)
            {
                yield return line;
                line = "";
            }

            while (Width(rest) > width)
            {
                string part = Start(rest, width);
                yield return part;
                rest = rest[part.Length..];
            }

            line = line.Length > 0 ? $"{line} {rest}" : rest;
        }

        if (line.Length > 0)
        {
            yield return line;
        }
    }

    private static string Start(string text, int width)
    {
        int length = Math.Min(text.Length, width);
        while (length > 0 && (Width(text[..length]) > width || (length < text.Length && char.IsLowSurrogate(text[length]))))
        {
            length--;
        }

        return text[..length];
    }

    private static string End(string text, int width)
    {
        int begin = Math.Max(0, text.Length - width);
        while (begin < text.Length && (Width(text[begin..]) > width || char.IsLowSurrogate(text[begin])))
        {
            begin++;
        }

        return text[begin..];
    }

    private static bool Ascii(string text) => System.Text.Ascii.IsValid(text);
}
