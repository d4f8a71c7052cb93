namespace TunnelAspire.Protocol.Streaming;

/// <summary>Waits for something, but only for a moment. It throws nothing: whoever has waited looks himself what has come.</summary>
public sealed class Moment : Alarm
{
    // What follows runs where the moment ends: nothing is under way there that it could hold up but the other alarms of the same millisecond.
    private readonly TaskCompletionSource _over = new();

    private Moment()
    {
    }

    /// <summary>Completes, always in success, with <paramref name="awaited"/> or after <paramref name="patience"/>.</summary>
    public static Task OfAsync(Task awaited, TimeSpan patience)
    {
        if (awaited.IsCompleted)
        {
            return Task.CompletedTask;
        }

        Moment moment = new();
        moment.After(patience);
        awaited.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(moment.End);
        return moment._over.Task;
    }

    /// <inheritdoc/>
    protected override void Ring() => _over.TrySetResult();

    private void End()
    {
        Stop();
        _over.TrySetResult();
    }
}
