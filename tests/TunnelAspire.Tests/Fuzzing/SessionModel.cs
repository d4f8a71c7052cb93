using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Tests.Fuzzing;

/// <summary>What is to come of a request.</summary>
/// <param name="Status">The answer's status.</param>
/// <param name="Error">Its error, where it is one.</param>
public readonly record struct Expected(int Status, TunnelError? Error)
{
    public static implicit operator Expected(TunnelError error) => new(error.Status(), error);

    public static implicit operator Expected(int status) => new(status, null);
}

/// <summary>
/// A session as docs/protocol.md describes it, for requests that come one after the other: what each is answered, and what the
/// session is after it. It knows positions; the bytes are the pattern's.
/// </summary>
internal sealed class SessionModel(int maxBody)
{
    /// <summary>Bytes of the client that the target has been given.</summary>
    public long Accepted { get; private set; }

    /// <summary>Bytes that the target has sent.</summary>
    public long Produced { get; set; }

    /// <summary>The target has ended its stream.</summary>
    public bool TargetEnded { get; set; }

    /// <summary>The session is over.</summary>
    public bool Ended { get; private set; }

    /// <summary>The session ended in order, at its last acknowledgement.</summary>
    public bool Completed { get; private set; }

    /// <summary>The offset at which the client's stream ends, where that has been said.</summary>
    public long? Fin { get; private set; }

    /// <summary>The client's stream has ended, and the target knows.</summary>
    public bool Finished { get; private set; }

    /// <summary>Offset of the next byte to hand out.</summary>
    public long Next { get; private set; }

    /// <summary>The highest offset that was handed out.</summary>
    public long Sent { get; private set; }

    public long Acknowledged { get; private set; }

    public long Generation { get; private set; }

    /// <summary>Both streams have ended as far as the connector has seen; of the target's end only what an answer has told counts.</summary>
    public bool EndTold { get; private set; }

    /// <summary>POST …/send with whole numbers.</summary>
    public Expected Send(long offset, int length, long? fin, long? ack)
    {
        if (Ended)
        {
            return TunnelError.SessionGone;
        }

        if (length > maxBody)
        {
            return TunnelError.BodyTooLarge;
        }

        if (fin < offset)
        {
            return TunnelError.Malformed; // the text is wrong: the session goes on
        }

        if (ack > Sent || (fin is { } end && (Fin ?? end) != end) || (Fin is null && fin < Accepted))
        {
            return Break();
        }

        Acknowledge(ack ?? 0);
        Fin ??= fin;
        if (offset > Accepted)
        {
            return TunnelError.OffsetGap; // at once beyond the window, else after the hold time
        }

        if (offset + length > Accepted && offset + length > Fin)
        {
            return Break();
        }

        Accepted = Math.Max(Accepted, offset + length);
        Finished |= fin is not null && Accepted >= fin;
        return 200;
    }

    /// <summary>GET …/receive with whole numbers. Which bytes come is for the network to say: see <see cref="HandedOut"/>.</summary>
    public Expected Receive(long ack, long generation, long max)
    {
        if (Ended)
        {
            return TunnelError.SessionGone;
        }

        if (max == 0)
        {
            return TunnelError.Malformed;
        }

        if (ack > Sent)
        {
            return Break();
        }

        Acknowledge(ack);
        if (generation < Generation)
        {
            return TunnelError.Superseded;
        }

        if (generation > Generation)
        {
            (Generation, Next) = (generation, Acknowledged);
        }

        return 200;
    }

    /// <summary>An answer has brought bytes from <see cref="Next"/> on.</summary>
    public void HandedOut(int length, bool end)
    {
        Next += length;
        Sent = Math.Max(Sent, Next);
        EndTold |= end;
    }

    /// <summary>An answer to a send has told the end of the target's stream.</summary>
    public void TellEnd() => EndTold = true;

    /// <summary>The last acknowledgement of both streams: the connector lets go of the session with the answer.</summary>
    public bool CompletesWith(bool endTold) => Finished && endTold && Acknowledged == Produced;

    public void Complete() => (Ended, Completed) = (true, true);

    /// <summary>DELETE.</summary>
    public Expected Delete()
    {
        if (Ended)
        {
            return TunnelError.SessionGone;
        }

        Ended = true;
        return 204;
    }

    private void Acknowledge(long ack)
    {
        Acknowledged = Math.Max(Acknowledged, ack);
        Next = Math.Max(Next, Acknowledged);
    }

    private Expected Break()
    {
        Ended = true;
        return TunnelError.Malformed;
    }
}
