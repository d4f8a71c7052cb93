using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TunnelAspire.Agent.Doctor.Output;

namespace TunnelAspire.Agent.Doctor;

/// <summary>The addresses of the first hop.</summary>
/// <param name="Host">The name, or an address that needs no resolving.</param>
/// <param name="Addresses">Its addresses, in the order in which they were told.</param>
/// <param name="Milliseconds">How long resolving took.</param>
internal sealed record NameFinding(string Host, IReadOnlyList<string> Addresses, double Milliseconds) : IFinding
{
    private const double SlowMilliseconds = 500;

    /// <inheritdoc/>
    public IEnumerable<Line> Lines() => Addresses is [{ } only] && only == Host
        ? [new(Mark.Good, "Name", $"{Host} is an address: nothing to resolve")]
        : [Line.Of(Milliseconds < SlowMilliseconds, "Name", $"{Host} is {string.Join(", ", Addresses)}; resolved in {Words.Time(Milliseconds)}")];
}

/// <summary>Examination 1: does the name resolve?</summary>
internal static class NameExamination
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Resolves the first hop's name.</summary>
    /// <exception cref="DoctorException">It does not resolve.</exception>
    public static async Task<NameFinding> RunAsync(NextHop hop, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(hop.Host, cancellationToken).WaitAsync(Patience, cancellationToken);
            if (addresses.Length > 0)
            {
                return new NameFinding(hop.Host, [.. addresses.Select(address => address.ToString()).Distinct()], Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            throw Unresolved(hop, "it has no address", null);
        }
        catch (SocketException e)
        {
            throw Unresolved(hop, e.Message, e);
        }
        catch (TimeoutException e)
        {
            throw Unresolved(hop, $"no name server answered within {Words.Time(Patience.TotalMilliseconds)}", e);
        }
    }

    private static DoctorException Unresolved(NextHop hop, string why, Exception? inner) => new(
        $"the name {hop.Host} does not resolve: {why}",
        hop.Proxy is null
            ? "Check the name and this machine's name servers. Where only a proxy resolves names of the outside, name it with --proxy."
            : $"Check the name of the proxy, {hop.Proxy}.",
        inner);
}
