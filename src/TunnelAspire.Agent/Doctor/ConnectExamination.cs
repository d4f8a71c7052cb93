using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using TunnelAspire.Agent.Doctor.Output;

namespace TunnelAspire.Agent.Doctor;

/// <summary>One address, tried.</summary>
/// <param name="Address">The address.</param>
/// <param name="Milliseconds">How long it took to connect, or to fail.</param>
/// <param name="Error">Why it could not be connected to; null if it could.</param>
/// <param name="From">This machine's address on that connection.</param>
internal sealed record AddressFinding(string Address, double Milliseconds, string? Error, string? From);

/// <summary>TCP connections to the first hop.</summary>
/// <param name="Port">The port.</param>
/// <param name="Addresses">Each address, and how it went.</param>
internal sealed record ConnectFinding(int Port, IReadOnlyList<AddressFinding> Addresses) : IFinding
{
    /// <summary>This machine's addresses on the connections that stood.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> From => [.. Addresses.Select(address => address.From).OfType<string>()];

    /// <summary>Whether at least one address accepts.</summary>
    [JsonIgnore]
    public bool Accepted => Addresses.Any(address => address.Error is null);

    /// <inheritdoc/>
    public IEnumerable<Line> Lines() => Addresses.Select(address => new Line(
        address.Error is null ? Mark.Good : Accepted ? Mark.Note : Mark.Bad,
        "TCP",
        address.Error is null
            ? $"{address.Address} port {Port} accepts in {Words.Time(address.Milliseconds)}"
            : $"{address.Address} port {Port}: {address.Error}, after {Words.Time(address.Milliseconds)}"));
}

/// <summary>Examination 2: does each address accept connections?</summary>
internal static class ConnectExamination
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5); // the agent's own

    /// <summary>Connects to every address at once.</summary>
    public static async Task<ConnectFinding> RunAsync(NextHop hop, NameFinding name, CancellationToken cancellationToken) =>
        new(hop.Port, await Task.WhenAll(name.Addresses.Select(address => TimeAsync(IPAddress.Parse(address), hop.Port, cancellationToken))));

    /// <summary>What to say where no address accepts.</summary>
    public static DoctorException Refused(NextHop hop) => new(
        $"nobody accepts connections at {hop.Authority}",
        hop.Proxy is null
            ? "Check the port, and that the server runs and listens on that address. Where a firewall lets only a proxy out, name the proxy with --proxy."
            : $"Check the address of the proxy, {hop.Proxy}, or go past it with --proxy none.");

    /// <summary>The second of two: the first would time the loading of this program's code, too.</summary>
    private static async Task<AddressFinding> TimeAsync(IPAddress address, int port, CancellationToken cancellationToken) =>
        await TryAsync(address, port, cancellationToken) is { Error: not null } failed ? failed : await TryAsync(address, port, cancellationToken);

    private static async Task<AddressFinding> TryAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        long begun = Stopwatch.GetTimestamp();
        string? error;
        try
        {
            using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token);
            return new AddressFinding(address.ToString(), Milliseconds(begun), null, (socket.LocalEndPoint as IPEndPoint)?.Address.ToString());
        }
        catch (SocketException e)
        {
            error = e.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            error = "no answer"; // the limit
        }

        return new AddressFinding(address.ToString(), Milliseconds(begun), error, null);
    }

    private static double Milliseconds(long begun) => Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
}
