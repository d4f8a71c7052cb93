namespace TunnelAspire.Protocol.Carriers;

/// <summary>What kind of bytes a direction carries now: single messages of somebody who waits for the answer, or a transfer.</summary>
internal sealed class Traffic
{
    private const int LargestLight = 1024; // under what fills a packet: a transfer on a slow path comes in those
    private const int Weight = 8;

    private int _average; // of the parts that came together, the later ones counting more

    /// <summary>Little flows.</summary>
    public bool IsLight => Volatile.Read(ref _average) <= LargestLight;

    /// <summary>So many bytes came together.</summary>
    public void Carried(int count) => Volatile.Write(ref _average, _average + ((count - _average) / Weight));
}
