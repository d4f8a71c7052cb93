using System.Diagnostics;
using TunnelAspire.Benchmarks.Load;

namespace TunnelAspire.Benchmarks.Processes;

/// <summary>
/// What holds around a run: room for many sockets in all processes, and none of them left afterwards, whatever became of its parent.
/// </summary>
internal sealed class Surroundings : IDisposable
{
    private const ulong Sockets = 262_144;

    /// <summary>Raises the limits of this process, which its children inherit, and takes in their orphans.</summary>
    public Surroundings()
    {
        _ = LibC.ProcessControl(LibC.ChildSubreaper, 1, 0, 0, 0);
        if (LibC.GetLimit(LibC.OpenFiles, out LibC.Limit limit) == 0 && limit.Current < Sockets)
        {
            LibC.Limit raised = new() { Current = Sockets, Most = Math.Max(limit.Most, Sockets) };
            LibC.Limit allowed = new() { Current = limit.Most, Most = limit.Most };
            _ = LibC.SetLimit(LibC.OpenFiles, raised) == 0 || LibC.SetLimit(LibC.OpenFiles, allowed) == 0;
        }
    }

    /// <summary>How many sockets a process may have.</summary>
    public static int SocketsAllowed => LibC.GetLimit(LibC.OpenFiles, out LibC.Limit limit) == 0 ? (int)Math.Min(limit.Current, int.MaxValue) : 1024;

    /// <summary>Ends every descendant that is still there.</summary>
    public void Dispose()
    {
        foreach (int id in ProcessTree.Descendants(Environment.ProcessId))
        {
            try
            {
                using Process process = Process.GetProcessById(id);
                process.Kill();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended by itself.
            }
        }
    }
}
