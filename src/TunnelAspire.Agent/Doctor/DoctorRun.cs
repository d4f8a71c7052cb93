using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>
/// Examines the path from here to the relays, step by step: the next step begins where the one before it ended well. Each step is a
/// room of its own; what it found goes to the output at once, and into the diagnosis.
/// </summary>
/// <param name="options">The agent's.</param>
/// <param name="quietLimit">Longest wait of a quiet request that is tried, in seconds; null skips that examination.</param>
/// <param name="output">Who is told.</param>
internal sealed class DoctorRun(AgentOptions options, int? quietLimit, IDoctorOutput output)
{
    private static readonly TimeSpan Short = TimeSpan.Zero;
    private string _step = "";

    /// <summary>Examines; returns what was found.</summary>
    /// <exception cref="FormatException">The options name a file that cannot be used, or what does not go together.</exception>
    public async Task<Diagnosis> RunAsync(CancellationToken cancellationToken)
    {
        Diagnosis found = new() { Server = options.ParseServer().AbsoluteUri };
        using TunnelServer server = new(options);
        Probes probes = new(server, options.MediaType);
        try
        {
            await ReachAsync(found, probes, cancellationToken);
            await MeasureAsync(found, probes, cancellationToken);
        }
        catch (DoctorException e)
        {
            found.Failure = new Failure(_step, e.Message, e.Advice);
        }
        catch (CarrierException e) when (e.Fault == CarrierFault.Barred)
        {
            found.Failure = new Failure(_step, e.Message, "Nothing passes until that is done.");
        }
        catch (Exception e) when (e is CarrierException or TunnelException or HttpRequestException or IOException)
        {
            found.Failure = new Failure(_step, e.Message, "The path worked before and does not now: try again.");
        }

        found.Verdict = Verdict.Of(found);
        output.Conclude(found);
        return found;
    }

    /// <summary>1 to 4: from the name to a relay's answer.</summary>
    private async Task ReachAsync(Diagnosis found, Probes probes, CancellationToken cancellationToken)
    {
        NextHop hop = found.Hop = await ExamineAsync("hop", "the proxy", Short, () => Task.FromResult(NextHop.Of(options)));
        NameFinding name = found.Name = await ExamineAsync("name", "the name", Short, () => NameExamination.RunAsync(hop, cancellationToken));
        ConnectFinding connect = found.Connect = await ExamineAsync("connect", "the connection", Short, () => ConnectExamination.RunAsync(hop, name, cancellationToken));
        if (!connect.Accepted)
        {
            throw ConnectExamination.Refused(hop);
        }

        if (options.ParseServer().Scheme == Uri.UriSchemeHttps)
        {
            found.Tls = await ExamineAsync("tls", "TLS", Short, () => TlsExamination.RunAsync(options, cancellationToken));
            if (!found.Tls.Trusted)
            {
                throw new DoctorException(
                    $"the certificate, issued by {found.Tls.Issuer}, is not accepted: {string.Join("; ", found.Tls.Problems)}",
                    "If the issuer is your organisation's or the relays' own CA, name its certificate with --ca, or add it to those that this machine trusts. If it is another name's, give --host. If you do not know it, somebody intercepts TLS.");
            }
        }

        IReadOnlyList<string> from = hop.Proxy is null ? connect.From : [];
        found.Path = await ExamineAsync("path", "who answers", Short, () => PathExamination.RunAsync(probes, options, from, cancellationToken));
    }

    /// <summary>5 to 11: what the path does with messages.</summary>
    private async Task MeasureAsync(Diagnosis found, Probes probes, CancellationToken cancellationToken)
    {
        found.Versions = await ExamineAsync("versions", "HTTP versions", Short, () => VersionsExamination.RunAsync(probes, options.ParseServer(), cancellationToken));
        BufferingFinding buffering = found.Buffering = await ExamineAsync("buffering", "what is held back", Short, () => BufferingExamination.RunAsync(probes, cancellationToken));
        BodyFinding bodies = found.Bodies = await ExamineAsync("bodies", "how large bodies may be", BodyExamination.Longest, () => BodyExamination.RunAsync(probes, cancellationToken));
        if (quietLimit is { } quiet)
        {
            found.Quiet = await ExamineAsync("quiet", "how long requests may be quiet", QuietExamination.Longest(quiet), () => QuietExamination.RunAsync(probes, quiet, cancellationToken));
        }

        found.RoundTrip = await ExamineAsync("roundTrip", "the round trip", Short, () => RoundTripExamination.RunAsync(probes, cancellationToken));
        found.Lanes = await ExamineAsync("lanes", "lanes", Short, () => LanesExamination.RunAsync(probes, buffering));
        if (bodies is { Up.Largest: > 0, Down.Largest: > 0 })
        {
            found.Throughput = await ExamineAsync(
                "throughput", "the throughput of each mode", ThroughputExamination.Longest, () => ThroughputExamination.RunAsync(probes, buffering, bodies, cancellationToken));
        }
    }

    private async Task<T> ExamineAsync<T>(string step, string words, TimeSpan longest, Func<Task<T>> examination)
        where T : IFinding
    {
        _step = step;
        return await output.DuringAsync(words, longest, examination);
    }
}
