using System.ComponentModel;
using System.Runtime.InteropServices;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>What a descriptor is waited for, and what has come; the kernel's values.</summary>
[Flags]
internal enum Readiness
{
    None = 0,
    Readable = 1,
    Writable = 4,
    Error = 8,
    HangUp = 16,
}

/// <summary>Waits for many descriptors on one thread, level-triggered. Who is ready is named by the descriptor.</summary>
internal sealed class Epoll : IDisposable
{
    private const int Batch = 128;
    private const int AddOperation = 1;
    private const int RemoveOperation = 2;
    private const int ModifyOperation = 3;

    // struct epoll_event { uint32_t events; uint64_t data; }: packed on x64, aligned elsewhere.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataAt + 8;

    private readonly int _descriptor = Check(LibC.EpollCreate(LibC.CloseOnExec));
    private readonly byte[] _events = new byte[Batch * EventSize];

    public void Add(int descriptor, Readiness interest) => Control(AddOperation, descriptor, interest);

    public void Modify(int descriptor, Readiness interest) => Control(ModifyOperation, descriptor, interest);

    public void Remove(int descriptor) => Control(RemoveOperation, descriptor, Readiness.None);

    /// <summary>Waits for at most <paramref name="milliseconds"/>, -1 without limit; returns how many are ready: <see cref="Ready"/> tells them.</summary>
    public int Wait(int milliseconds) => Math.Max(0, LibC.EpollWait(_descriptor, _events, Batch, milliseconds));

    /// <summary>One of those that the last wait found.</summary>
    public (int Descriptor, Readiness Readiness) Ready(int index)
    {
        ReadOnlySpan<byte> one = _events.AsSpan(index * EventSize, EventSize);
        return (MemoryMarshal.Read<int>(one[DataAt..]), (Readiness)MemoryMarshal.Read<int>(one));
    }

    public void Dispose() => _ = LibC.Close(_descriptor);

    /// <summary>The result of a call, where it did not fail.</summary>
    /// <exception cref="Win32Exception">It failed.</exception>
    public static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    private void Control(int operation, int descriptor, Readiness interest)
    {
        Span<byte> one = stackalloc byte[16];
        one.Clear();
        MemoryMarshal.Write(one, (int)interest);
        MemoryMarshal.Write(one[DataAt..], descriptor);
        Check(LibC.EpollControl(_descriptor, operation, descriptor, one));
    }
}
