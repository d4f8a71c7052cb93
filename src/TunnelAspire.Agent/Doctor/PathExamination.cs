using System.Text.Json.Serialization;
using TunnelAspire.Agent.Doctor.Output;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Agent.Doctor;

/// <summary>Who stands between the agent and the relay.</summary>
/// <param name="Relay">Name of the relay.</param>
/// <param name="Asked">HTTP version in which the agent asked.</param>
/// <param name="Seen">What the relay saw of the request.</param>
/// <param name="Via"><c>Via</c> of the answer.</param>
/// <param name="Server"><c>Server</c> of the answer, where it is not the relay's own.</param>
/// <param name="KeepsConnections">Whether connections outlive an answer.</param>
/// <param name="Signs">What shows that somebody is in between, in words.</param>
internal sealed record PathFinding(
    string Relay, string Asked, PathView Seen, string? Via, string? Server, bool KeepsConnections, IReadOnlyList<string> Signs) : IFinding
{
    /// <summary>Whether anything shows that the path is not direct.</summary>
    [JsonIgnore]
    public bool HasProxies => Signs.Count > 0;

    /// <inheritdoc/>
    public IEnumerable<Line> Lines()
    {
        yield return new(Mark.Good, "Relay", $"{Relay} answers; it sees {Seen.Protocol} from {Seen.Client}");
        yield return new(Mark.Good, "On the way", HasProxies ? string.Join("; ", Signs) : "nobody shows");
        if (!KeepsConnections)
        {
            yield return new(Mark.Note, "Connections", "closed after each answer, so that each request pays for a new one");
        }
    }
}

/// <summary>Examination 4: does the relay answer, and who else is there?</summary>
internal static class PathExamination
{
    private const string RelayServer = "Kestrel";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Asks the relay what it sees, and compares that with what was sent.</summary>
    /// <param name="probes">The requests.</param>
    /// <param name="options">The agent's.</param>
    /// <param name="from">This machine's addresses on connections to the server; empty where a forward proxy is connected to.</param>
    /// <param name="cancellationToken">Ends the examination.</param>
    /// <exception cref="DoctorException">Nobody, or somebody else, answers.</exception>
    public static async Task<PathFinding> RunAsync(Probes probes, AgentOptions options, IReadOnlyList<string> from, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        (HttpRequestMessage request, long number) = probes.Request(HttpMethod.Get, TunnelPaths.Path);
        using (request)
        {
            try
            {
                using HttpResponseMessage answer = await probes.SendAsync(request, limit.Token);
                await RequireOwnAsync(probes, answer, number, request.RequestUri!, limit.Token);
                PathView seen = await Probes.ReadAsync(answer, PathReports.Default.PathView, limit.Token);
                return Find(answer, request.RequestUri!, seen, options, from);
            }
            catch (HttpRequestException e)
            {
                throw await probes.FailureAsync(e, cancellationToken) is CarrierException { Fault: CarrierFault.Barred } barred
                    ? new DoctorException(barred.Message, "Nothing passes until that is done.", e)
                    : Failures.Lost(e);
            }
            catch (CarrierException e)
            {
                throw new DoctorException(e.Message, "Somebody on the way rewrites answers; ask who runs it.", e);
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                // The limit.
                throw new DoctorException(
                    $"connected, but no answer within {Words.Time(Patience.TotalMilliseconds)}", "Check that the server is a relay and not stuck; a gateway may wait for a relay that is gone.", e);
            }
        }
    }

    private static async Task RequireOwnAsync(Probes probes, HttpResponseMessage answer, long number, Uri asked, CancellationToken cancellationToken)
    {
        if (TunnelExchange.Header(answer, TunnelHeaders.Version) is not { } version)
        {
            throw await ForeignAnswer.NameAsync(answer, asked, cancellationToken);
        }

        if (version != TunnelHeaders.CurrentVersion)
        {
            throw new DoctorException($"the relay speaks version {version} of the protocol, this program version {TunnelHeaders.CurrentVersion}", "Bring both to the same version.");
        }

        if (TunnelExchange.OptionalOffset(answer, TunnelHeaders.Request) != number)
        {
            throw new DoctorException("an answer to another request came back: a cache on the way keeps what must not be kept", "Ask who runs it to pass /v1/ without caching.");
        }

        if (TunnelExchange.Header(answer, TunnelHeaders.Error) is { } error)
        {
            if (error == TunnelError.Unauthenticated.Code())
            {
                throw Unknown(probes.HasToken, await TunnelExchange.DetailAsync(answer, cancellationToken));
            }

            throw new DoctorException($"the relay refuses: {error}", "Its log says more.");
        }
    }

    private static DoctorException Unknown(bool hasToken, string? detail) => hasToken
        ? new DoctorException($"the relay answers, but does not accept the token: {detail}", "Ask who runs it for another token. A file (--token-file) is read again for each session.")
        : new DoctorException($"the relay answers, and wants to know who asks: {detail}", $"Give the token that who runs it has for you: --token-file FILE, or the environment variable {CallerToken.Variable}.");

    /// <summary>What the answer, and the request as the relay saw it, show of the path.</summary>
    internal static PathFinding Find(HttpResponseMessage answer, Uri asked, PathView seen, AgentOptions options, IReadOnlyList<string> from)
    {
        string via = answer.Headers.Via.ToString();
        string server = answer.Headers.Server.ToString();
        string? foreignServer = server.Length == 0 || server == RelayServer ? null : server;
        string host = options.Headers.Select(AgentOptions.ParseHeader).LastOrDefault(header => header.Key.Equals("Host", StringComparison.OrdinalIgnoreCase)).Value
            ?? (options.Host.Length > 0 ? options.Host : asked.Authority);
        string protocol = answer.Version.Major == 2 ? "HTTP/2" : "HTTP/1.1"; // a 1.0 answer is the path's, not what was asked
        List<string> signs = [];
        Add(signs, foreignServer is not null, $"{foreignServer} answers for the relay");
        Add(signs, via.Length > 0, $"answers come via {via}");
        Add(signs, seen.Via is not null, $"requests go via {seen.Via}");
        Add(signs, seen.ForwardedFor is not null, $"a proxy forwards for {seen.ForwardedFor}");
        Add(signs, seen.Protocol != protocol, $"asked in {protocol}, the relay is asked in {seen.Protocol}");
        Add(signs, from.Count > 0 && !from.Contains(seen.Client), $"sent from {string.Join(", ", from.Distinct())}, the relay sees {seen.Client}: a proxy, or addresses are translated");
        Add(signs, !seen.Host.Equals(host, StringComparison.OrdinalIgnoreCase), $"asked for {host}, the relay is asked for {seen.Host}");
        return new PathFinding(
            seen.Relay, protocol, seen, via.Length > 0 ? via : null, foreignServer, answer.Headers.ConnectionClose != true, signs);
    }

    private static void Add(List<string> signs, bool shows, string sign)
    {
        if (shows)
        {
            signs.Add(sign);
        }
    }
}
