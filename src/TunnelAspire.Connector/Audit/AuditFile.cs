namespace TunnelAspire.Connector.Audit;

/// <summary>
/// A file of lines that is followed by another one when it is full. It is opened for each append: so it may be moved away or
/// deleted at any time, and what kept it from being written is over as soon as it is over.
/// </summary>
/// <param name="path">The file that is written to; older ones have <c>.1</c>, <c>.2</c> … added.</param>
/// <param name="maxBytes">Bytes after which a new one is begun. A longer line has a file of its own.</param>
/// <param name="files">Most files, this one included.</param>
internal sealed class AuditFile(string path, long maxBytes, int files)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    /// <summary>Appends whole lines; returns how many, which is all of them unless <paramref name="failure"/> says why not. With none it is tried whether the file can be written.</summary>
    public int Append(IReadOnlyList<byte[]> lines, out Exception? failure)
    {
        failure = null;
        int written = 0;
        try
        {
            do
            {
                written += AppendWhatFits(lines, written);
            }
            while (written < lines.Count);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            failure = e;
        }

        return written;
    }

    private int AppendWhatFits(IReadOnlyList<byte[]> lines, int first)
    {
        using FileStream file = Open();
        long before = file.Length;
        long room = maxBytes - before;
        int count = 0;
        while (first + count < lines.Count && (lines[first + count].Length <= room || (before == 0 && count == 0)))
        {
            room -= lines[first + count++].Length;
        }

        if (count == 0 && lines.Count > 0)
        {
            file.Dispose();
            Rotate();
            return 0;
        }

        Write(file, before, [.. lines.Skip(first).Take(count)]);
        return count;
    }

    /// <summary>All of the bytes or none: half a line would spoil the next one.</summary>
    private static void Write(FileStream file, long before, byte[][] lines)
    {
        using MemoryStream all = new();
        Array.ForEach(lines, line => all.Write(line));
        try
        {
            file.Write(all.GetBuffer().AsSpan(0, (int)all.Length));
        }
        catch (IOException)
        {
            file.SetLength(before);
            throw;
        }
    }

    private FileStream Open()
    {
        FileStreamOptions options = new() { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Mode;
        }

        return new FileStream(path, options);
    }

    private void Rotate()
    {
        File.Delete(Older(files - 1));
        for (int age = files - 1; age > 0; age--)
        {
            if (File.Exists(Older(age - 1)))
            {
                File.Move(Older(age - 1), Older(age), overwrite: true);
            }
        }
    }

    private string Older(int age) => age == 0 ? path : $"{path}.{age}";
}
