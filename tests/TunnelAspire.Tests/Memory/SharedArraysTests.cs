using System.Buffers;
using System.Runtime.CompilerServices;
using TunnelAspire.Memory;

namespace TunnelAspire.Tests.Memory;

public sealed class SharedArraysTests
{
    private const int Size = 1 << 19; // what hardly another test rents

    [Fact]
    public void Arrays_ThatThePoolKeeps_AreCollectedOnceItHasLetGo()
    {
        WeakReference[] kept = Keep(4);
        Collect();
        Assert.Contains(kept, array => array.IsAlive);
        SharedArrays.LetGo();
        Collect();
        Assert.DoesNotContain(kept, array => array.IsAlive);
    }

    [Fact]
    public void LettingGo_WhereNothingIsKept_MakesOneArrayOfEachSize()
    {
        SharedArrays.LetGo();
        long before = GC.GetAllocatedBytesForCurrentThread();
        SharedArrays.LetGo();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
    }

    private static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);

    /// <summary>References to arrays that the pool has, and nobody else.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Keep(int count)
    {
        byte[][] arrays = [.. Enumerable.Range(0, count).Select(_ => ArrayPool<byte>.Shared.Rent(Size))];
        Array.ForEach(arrays, array => ArrayPool<byte>.Shared.Return(array));
        return [.. arrays.Select(array => new WeakReference(array))];
    }
}
