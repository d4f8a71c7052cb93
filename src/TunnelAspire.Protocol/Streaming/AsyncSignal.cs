namespace TunnelAspire.Protocol.Streaming;

/// <summary>Wakes whoever waits for a state to change. Costs nothing while nobody waits.</summary>
/// <param name="inline">
/// Who is woken goes on at once, on the thread of who wakes him, which saves waking another thread: for signals that are set with
/// no lock held and nothing urgent left to do.
/// </param>
public sealed class AsyncSignal(bool inline = false)
{
    private TaskCompletionSource? _waiting;

    /// <summary>Completes at the next <see cref="Set"/>. Ask for it, then check the state, then await it.</summary>
    public Task Next()
    {
        TaskCompletionSource? current = Volatile.Read(ref _waiting);
        if (current is null)
        {
            TaskCompletionSource fresh = new(inline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
            current = Interlocked.CompareExchange(ref _waiting, fresh, null) ?? fresh;
        }

        return current.Task;
    }

    /// <summary>Wakes all who wait now.</summary>
    public void Set() => Interlocked.Exchange(ref _waiting, null)?.TrySetResult();
}
