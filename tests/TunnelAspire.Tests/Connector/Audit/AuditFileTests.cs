using System.Text;
using TunnelAspire.Connector.Audit;

namespace TunnelAspire.Tests.Connector.Audit;

public sealed class AuditFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tunnelaspire-");

    private string FilePath => Path.Combine(_folder.FullName, "audit.jsonl");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Append_BeyondTheSize_BeginsNewFilesAndKeepsTheLatest()
    {
        AuditFile file = new(FilePath, maxBytes: 20, files: 3);
        Append(file, [.. Enumerable.Range(10, 11).Select(number => $"line {number}")]); // 8 bytes each: two fit

        Assert.Equal("line 20\n", File.ReadAllText(FilePath));
        Assert.Equal("line 18\nline 19\n", File.ReadAllText(FilePath + ".1"));
        Assert.Equal("line 16\nline 17\n", File.ReadAllText(FilePath + ".2"));
        Assert.Equal(3, _folder.GetFiles().Length);
    }

    [Fact]
    public void Append_WithOneFileOnly_BeginsItAnew()
    {
        AuditFile file = new(FilePath, maxBytes: 20, files: 1);
        Append(file, "line 1", "line 2", "line 3");

        Assert.Equal("line 3\n", File.ReadAllText(FilePath));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void Append_ALineThatIsTooLong_HasAFileOfItsOwn()
    {
        AuditFile file = new(FilePath, maxBytes: 10, files: 9);
        Append(file, "a", new string('x', 50), "b");

        Assert.Equal("b\n", File.ReadAllText(FilePath));
        Assert.Equal(51, new FileInfo(FilePath + ".1").Length);
        Assert.Equal("a\n", File.ReadAllText(FilePath + ".2"));
    }

    [Fact]
    public void Append_AfterTheFileWasMovedAway_BeginsAnother()
    {
        AuditFile file = new(FilePath, 1000, 2);
        Append(file, "before");
        File.Move(FilePath, FilePath + ".moved");
        Append(file, "after");

        Assert.Equal("after\n", File.ReadAllText(FilePath));
    }

    [Fact]
    public void Append_OfNothing_MakesTheFileForItsOwnerAndGroup()
    {
        Append(new AuditFile(FilePath, 1000, 2));

        Assert.Equal(0, new FileInfo(FilePath).Length);
        Assert.True(OperatingSystem.IsWindows() || (File.GetUnixFileMode(FilePath) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead)) == 0);
    }

    [Fact]
    public void Append_WhereNothingCanBeWritten_SaysWhyAndHowMuchWas()
    {
        AuditFile file = new(Path.Combine(_folder.FullName, "nowhere", "audit.jsonl"), 1000, 2);

        Assert.Equal(0, file.Append([Encoding.UTF8.GetBytes("lost\n")], out Exception? failure));
        Assert.IsType<DirectoryNotFoundException>(failure);
    }

    [Fact]
    public void Append_OnAFullDisk_LeavesNoHalfLine()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full.");

        Assert.Equal(0, new AuditFile("/dev/full", 1000, 2).Append([Encoding.UTF8.GetBytes("lost\n")], out Exception? failure));
        Assert.NotNull(failure);
    }

    private static void Append(AuditFile file, params string[] lines)
    {
        Assert.Equal(lines.Length, file.Append([.. lines.Select(line => Encoding.UTF8.GetBytes(line + "\n"))], out Exception? failure));
        Assert.Null(failure);
    }
}
