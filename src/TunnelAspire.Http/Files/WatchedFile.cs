using TunnelAspire.Protocol.Tls;

namespace TunnelAspire.Http.Files;

/// <summary>
/// What a file holds, as it was when it could last be used. <see cref="WatchedFiles"/> looks at it every two seconds, by content:
/// that finds whatever replaces it, be it a rename, a link or a mounted secret.
/// </summary>
/// <typeparam name="T">What is made of its text.</typeparam>
public sealed class WatchedFile<T> : IWatchedFile
    where T : class
{
    private readonly Func<string, T> _parse;
    private string _text;
    private volatile T _current;

    internal WatchedFile(string path, Func<string, T> parse)
    {
        (Path, _parse) = (path, parse);
        _text = PemFile.Read(path);
        _current = Parse(_text);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>What it holds.</summary>
    public T Current => _current;

    /// <inheritdoc/>
    public bool Load()
    {
        string text = PemFile.Read(Path);
        if (text == _text)
        {
            return false;
        }

        _current = Parse(text);
        _text = text;
        return true;
    }

    private T Parse(string text)
    {
        try
        {
            return _parse(text);
        }
        catch (FormatException e)
        {
            throw new FormatException($"the file '{Path}' cannot be used: {e.Message}", e);
        }
    }
}

/// <summary>A file that is looked at again and again.</summary>
internal interface IWatchedFile
{
    /// <summary>Where it is.</summary>
    string Path { get; }

    /// <summary>Reads it where its content has changed.</summary>
    /// <returns>Whether something new is in force.</returns>
    /// <exception cref="FormatException">It cannot be used; what was in force before still is.</exception>
    bool Load();
}
