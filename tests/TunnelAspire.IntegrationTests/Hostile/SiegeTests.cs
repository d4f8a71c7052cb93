using TunnelAspire.IntegrationTests.Harness;
using TunnelAspire.IntegrationTests.Telemetry;
using Xunit;

namespace TunnelAspire.IntegrationTests.Hostile;

/// <summary>
/// Something hostile is done to a real <c>tunneld</c> while clients talk through it: they are served while it stands, and after it;
/// a new client is served as well; and nothing is left over.
/// </summary>
public abstract class SiegeTests(Besieged siege) : IClassFixture<Besieged>
{
    private const int Clients = 6;

    protected Besieged Siege => siege;

    /// <summary>Does it. <paramref name="attack"/> calls its argument while what it does stands.</summary>
    protected async Task WithstandsAsync(Func<Func<Task>, Task> attack)
    {
        try
        {
            await BesiegeAsync(attack);
        }
        catch
        {
            TestContext.Current.TestOutputHelper?.WriteLine(siege.LastWords);
            throw;
        }
    }

    private async Task BesiegeAsync(Func<Func<Task>, Task> attack)
    {
        await using (GoodClients first = await GoodClients.StartAsync(siege.Forward, Clients))
        {
            await first.EndAsync(); // pools are made
        }

        Leftovers before = await siege.HoldingsAsync();
        await using (GoodClients good = await GoodClients.StartAsync(siege.Forward, Clients))
        {
            await attack(async () =>
            {
                await good.RequireServedAsync();
                await using GoodClients late = await GoodClients.StartAsync(siege.Forward, 1);
                await late.EndAsync();
            });
            await good.RequireServedAsync();
            await good.EndAsync();
        }

        string report = await before.RequireNoneAsync(sockets: 24, memory: 5); // of pools that one more kind of attack has made; FloodTests demands more
        TestContext.Current.TestOutputHelper?.WriteLine(report);
    }

    /// <summary>Does the same on many connections side by side, which are closed afterwards.</summary>
    protected async Task WithstandsAsync(int connections, int port, Func<System.Net.Sockets.NetworkStream, Task> attack)
    {
        await WithstandsAsync(async served =>
        {
            List<System.Net.Sockets.NetworkStream> streams = [];
            try
            {
                for (int i = 0; i < connections; i++)
                {
                    streams.Add(await Besieged.ConnectAsync(port));
                }

                Task all = Task.WhenAll(streams.Select(attack));
                await served();
                await all;
                await served();
            }
            finally
            {
                streams.ForEach(stream => stream.Dispose());
            }
        });
    }
}
