using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// What all sessions of a process may hold together; their halves share it. Counting costs an interlocked addition for each
/// segment that is rented, and for each request that asks for bytes.
/// </summary>
/// <remarks>
/// Where the memory is used up, nothing fails: a session that keeps unacknowledged bytes reads no more until they are acknowledged,
/// and one that keeps none reads <see cref="Share"/> bytes at the most. So each goes on, and no session waits for another.
/// </remarks>
public sealed class StreamBudget
{
    /// <summary>Bytes that a session may keep where the memory is used up.</summary>
    public const int Share = 16 * 1024;

    private long _bytes;
    private int _asking;

    /// <summary>A budget that only counts.</summary>
    public StreamBudget()
        : this(long.MaxValue, int.MaxValue, int.MaxValue)
    {
    }

    /// <summary>A budget.</summary>
    /// <param name="mostBytes">Bytes that the halves may rent before they slow down.</param>
    /// <param name="mostAsking">Requests for bytes that may be under way in all sessions.</param>
    /// <param name="mostOfOne">Requests of one session that may be under way in each direction.</param>
    public StreamBudget(long mostBytes, int mostAsking, int mostOfOne) => (MostBytes, MostAsking, MostOfOne) = (mostBytes, mostAsking, mostOfOne);

    /// <summary>Told the name of a limit each time that it refuses something: <c>parked</c>, <c>parked-session</c>.</summary>
    public event Action<string>? Refused;

    /// <summary>Half of the memory that the process may use; of its container's, where that is less than the machine's.</summary>
    public static long DefaultBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>Bytes that the halves may rent before they slow down.</summary>
    public long MostBytes { get; }

    /// <summary>Requests for bytes that may be under way in all sessions.</summary>
    public int MostAsking { get; }

    /// <summary>Requests of one session that may be under way in each direction.</summary>
    public int MostOfOne { get; }

    /// <summary>Bytes that are rented now.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Requests for bytes that are under way now, waiting or being answered.</summary>
    public int Asking => Volatile.Read(ref _asking);

    /// <summary>The memory is used up.</summary>
    public bool UsedUp => Bytes >= MostBytes;

    internal void Rented(int bytes) => Interlocked.Add(ref _bytes, bytes);

    internal void Returned(int bytes) => Interlocked.Add(ref _bytes, -bytes);

    /// <summary>A request for bytes has come to a session, whose requests <paramref name="own"/> counts. It must <see cref="Leave"/>, unless it is refused.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.TooMany"/>.</exception>
    internal void Enter(ref int own)
    {
        int ofOne = Interlocked.Increment(ref own);
        int ofAll = Interlocked.Increment(ref _asking);
        if (ofOne > MostOfOne || ofAll > MostAsking)
        {
            Leave(ref own);
            throw ofOne > MostOfOne ? TooMany("parked-session", MostOfOne, "of the session") : TooMany("parked", MostAsking, "in all");
        }
    }

    internal void Leave(ref int own)
    {
        Interlocked.Decrement(ref own);
        Interlocked.Decrement(ref _asking);
    }

    /// <summary>A request waits for bytes before its own, one of <paramref name="own"/> of its session; it decrements that again, unless it is refused.</summary>
    /// <exception cref="TunnelException"><see cref="TunnelError.TooMany"/>.</exception>
    internal void Queue(ref int own)
    {
        if (Interlocked.Increment(ref own) > MostOfOne)
        {
            Interlocked.Decrement(ref own);
            throw TooMany("parked-session", MostOfOne, "of the session");
        }
    }

    private TunnelException TooMany(string limit, int most, string whose)
    {
        Refused?.Invoke(limit);
        return new TunnelException(TunnelError.TooMany, $"{most} requests {whose} are waiting, the most allowed");
    }
}
