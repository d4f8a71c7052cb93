namespace TunnelAspire.Benchmarks.Load;

/// <summary>What the target tells about streams that have ended, to connections that ask for it by number. On the target's thread.</summary>
internal sealed class Verdicts
{
    private readonly Dictionary<long, long> _known = [];
    private readonly Dictionary<long, Action<long>> _asked = [];

    /// <summary>The stream of that number has ended, with so many right bytes.</summary>
    public void Tell(long number, long right)
    {
        _known[number] = right;
        if (_asked.Remove(number, out Action<long>? answer))
        {
            answer(right);
        }
    }

    /// <summary>Answers now, or when the stream has ended.</summary>
    public void Ask(long number, Action<long> answer)
    {
        if (_known.TryGetValue(number, out long right))
        {
            answer(right);
        }
        else
        {
            _asked[number] = answer;
        }
    }
}
