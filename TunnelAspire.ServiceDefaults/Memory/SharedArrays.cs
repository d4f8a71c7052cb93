using System.Buffers;

namespace TunnelAspire.Memory;

/// <summary>
/// The arrays that the shared pool keeps for the next one who wants bytes: up to 32 of each size for each processor. By itself the pool
/// lets go of one of them at a collection, and only when a minute has passed since the first was put there: of a burst's buffers
/// nearly all would stay for ever.
/// </summary>
internal static class SharedArrays
{
    private const int Smallest = 1 << 10; // of less, all that may be kept is little
    private const int Largest = 1 << 20; // a message has no more

    /// <summary>Takes all of them out, and keeps none: the next collection has their memory. What each thread keeps besides, one of each size, stays.</summary>
    public static void LetGo()
    {
        for (int size = Smallest; size <= Largest; size *= 2)
        {
            while (WasKept(size))
            {
                // There may be another one.
            }
        }
    }

    /// <summary>Takes an array out; false if there was none, and the pool made one.</summary>
    private static bool WasKept(int size)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = ArrayPool<byte>.Shared.Rent(size);
        return GC.GetAllocatedBytesForCurrentThread() - before < size;
    }
}
