using System.Globalization;
using System.Net;
using Garnet.server;
using Microsoft.Extensions.Configuration;

namespace TunnelAspire.RedisStore;

/// <summary>What the store reads from configuration, and the Garnet options made of it.</summary>
internal static class StoreOptions
{
    /// <summary>Redis' own port, where none is configured.</summary>
    private const int DefaultPort = 6379;

    /// <summary>
    /// The address to listen on: <c>Redis:Bind</c> (an IP address, loopback by default: the store asks for no
    /// password) and <c>Redis:Port</c> (1 to 65535, 6379 by default).
    /// </summary>
    /// <exception cref="StoreConfigurationException">A value is not an address or a port.</exception>
    public static IPEndPoint EndPointOf(IConfiguration configuration)
    {
        string bind = configuration["Redis:Bind"] is { Length: > 0 } address ? address : "127.0.0.1";
        if (!IPAddress.TryParse(bind, out IPAddress? ip))
        {
            throw new StoreConfigurationException($"Redis:Bind is '{bind}', which is not an IP address.");
        }

        string text = configuration["Redis:Port"] is { Length: > 0 } configured ? configured : $"{DefaultPort}";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
        {
            throw new StoreConfigurationException($"Redis:Port is '{text}', which is not a port (1 to 65535).");
        }

        return new IPEndPoint(ip, port);
    }

    /// <summary>
    /// Garnet for routes and leases: some thousands of small keys, nothing on disk. Garnet's own defaults
    /// reserve gigabytes; these sizes keep the process below 100 MB.
    /// </summary>
    public static GarnetServerOptions GarnetOptionsFor(IPEndPoint endPoint) => new()
    {
        EndPoints = [endPoint],
        QuietMode = true,
        LogMemorySize = "32m",
        PageSize = "1m",
        IndexMemorySize = "4m",
        PubSubPageSize = "64k",
        EnableStorageTier = false,
        EnableAOF = false,
        Recover = false,
        EnableCluster = false,
        MaxDatabases = 1,
        // Leases expire by themselves; this frees the memory of those that nobody asks for again.
        ExpiredKeyDeletionScanFrequencySecs = 30,
    };
}

/// <summary>A configured value that the store cannot start with.</summary>
internal sealed class StoreConfigurationException(string message) : Exception(message);
