using System.Net;
using System.Net.Sockets;
using Garnet;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using TunnelAspire.RedisStore;

// An embedded Redis for one machine: development, tests, a single node. It keeps nothing on disk,
// which the tunnel allows by design: connectors write their routes again within a heartbeat.

IConfiguration configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
using StopSignal stop = new();

try
{
    IPEndPoint endPoint = StoreOptions.EndPointOf(configuration);

    // Garnet warns of what it tunes for itself; what it cannot do comes out as an exception.
    using ILoggerFactory loggers = LoggerFactory.Create(logging => logging
        .AddSimpleConsole(console => console.SingleLine = true)
        .SetMinimumLevel(LogLevel.Error));
    using GarnetServer server = new(StoreOptions.GarnetOptionsFor(endPoint), loggers);
    server.Start();

    Console.WriteLine($"redis-store: ready on {endPoint}, in memory only (pid {Environment.ProcessId})");
    await stop.Requested;
    return 0;
}
catch (Exception error) when (error.GetBaseException() is SocketException socket)
{
    Console.Error.WriteLine($"redis-store: cannot listen: {socket.Message}. Choose another port with Redis:Port.");
    return 1;
}
catch (StoreConfigurationException error)
{
    Console.Error.WriteLine($"redis-store: {error.Message}");
    return 1;
}
