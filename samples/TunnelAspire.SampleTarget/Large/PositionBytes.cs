using System.Runtime.InteropServices;

namespace TunnelAspire.SampleTarget.Large;

/// <summary>Bytes that are a function of their position alone: any lost, doubled or moved byte shows.</summary>
internal static class PositionBytes
{
    /// <summary>Fills a block of whole words. Each 8-byte word is its own index, mixed (the finalizer of SplitMix64).</summary>
    /// <param name="block">To be filled; its length is a multiple of 8.</param>
    /// <param name="offset">The block's place in the stream, in bytes; a multiple of 8.</param>
    public static void Fill(Span<byte> block, long offset)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(block);
        for (int i = 0; i < words.Length; i++)
        {
            ulong mixed = (ulong)((offset / sizeof(ulong)) + i) * 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            words[i] = mixed ^ (mixed >> 31);
        }
    }
}
