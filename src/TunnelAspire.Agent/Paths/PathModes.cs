using System.Threading.Channels;
using Microsoft.Extensions.Options;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Agent.Paths;

/// <summary>
/// What the agent knows of its path to the relays, for all sessions: modes, sizes, hold time. It begins with what works anywhere.
/// A direction goes over to <see cref="ChannelMode.Stream"/> once a probe has shown that it can, and back at the first failure.
/// Modes that the user has fixed stay; the rest is learned with them as well.
/// </summary>
public sealed class PathModes
{
    private static readonly TimeSpan LongRoundTrip = TimeSpan.FromMilliseconds(20);

    // Guards the changes of _terms, and _quiet.
    private readonly Lock _lock = new();
    private readonly QuietLimit _quiet;
    private readonly Channel<PathTrouble> _troubles = Channel.CreateBounded<PathTrouble>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private PathTerms _terms;

    /// <summary>A path of which nothing is known.</summary>
    public PathModes(IOptions<AgentOptions> options, TimeProvider time)
    {
        ChannelMode mode = options.Value.ParseMode();
        (Automatic, _terms, _quiet) = (options.Value.IsAutomatic, new PathTerms(mode, mode), new QuietLimit(time));
    }

    /// <summary>Whether the modes are chosen here; else the user has.</summary>
    public bool Automatic { get; }

    /// <summary>What the sessions go by: another object after each change.</summary>
    public PathTerms Terms => Volatile.Read(ref _terms);

    /// <summary>What the last measurement has found; null before the first.</summary>
    public PathMeasurement? Found { get; private set; }

    /// <summary>Why the last measurement has failed; null where it has not.</summary>
    public string? Problem { get; private set; }

    /// <summary>What has gone wrong since it was last asked.</summary>
    internal ChannelReader<PathTrouble> Troubles => _troubles.Reader;

    /// <summary>The path has been measured: sessions go by it from their next message on.</summary>
    public void Measured(PathMeasurement found)
    {
        (Found, Problem) = (found, null);
        Change(terms => terms with
        {
            Send = Chosen(terms.Send, found.SendStreams),
            Receive = Chosen(terms.Receive, found.ReceiveStreams),
            InFlight = found.RoundTrip >= LongRoundTrip ? ChannelSettings.ManyInFlight : ChannelSettings.FewInFlight,
            LargestBody = found.LargestBody ?? terms.LargestBody,
        });
    }

    /// <summary>The path could not be measured.</summary>
    public void NotMeasured(string why) => Problem = why;

    /// <summary>A message of a session has failed: both directions go on with what works anywhere, and the path is to be measured again.</summary>
    public void Failed(Exception failure)
    {
        if (failure is not CarrierException { Fault: CarrierFault fault })
        {
            return; // relay or connector have answered: the path is in order
        }

        PathTrouble trouble = fault == CarrierFault.TooLarge ? PathTrouble.TooLarge
            : failure.InnerException is OperationCanceledException ? PathTrouble.HeldBack
            : PathTrouble.Failure;
        if (trouble != PathTrouble.TooLarge)
        {
            Demote();
        }

        _troubles.Writer.TryWrite(trouble);
    }

    /// <summary>The machine's addresses have changed: nothing is known any more.</summary>
    public void NetworkChanged()
    {
        Demote();
        _troubles.Writer.TryWrite(PathTrouble.NetworkChanged);
    }

    /// <summary>A receive was cut without an answer after <paramref name="wait"/>.</summary>
    public void QuietCut(TimeSpan wait) => Learn(quiet => quiet.Cut(wait));

    /// <summary>A receive was answered in its time, without bytes.</summary>
    public void QuietPassed()
    {
        if (Terms.Hold != TimeSpan.MaxValue)
        {
            Learn(quiet => quiet.Passed());
        }
    }

    private void Demote() => Change(terms => terms with { Send = Chosen(terms.Send, false), Receive = Chosen(terms.Receive, false) });

    private ChannelMode Chosen(ChannelMode now, bool streams) =>
        !Automatic ? now : streams ? ChannelMode.Stream : ChannelMode.Burst;

    private void Learn(Func<QuietLimit, bool> learn)
    {
        lock (_lock)
        {
            if (learn(_quiet))
            {
                Change(terms => terms with { Hold = _quiet.Hold });
            }
        }
    }

    private void Change(Func<PathTerms, PathTerms> change)
    {
        lock (_lock)
        {
            PathTerms changed = change(_terms);
            if (changed != _terms)
            {
                Volatile.Write(ref _terms, changed);
            }
        }
    }
}
