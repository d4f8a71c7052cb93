using System.Net;
using System.Net.Sockets;
using TunnelAspire.IntegrationTests.Harness;
using Xunit;

namespace TunnelAspire.IntegrationTests.Survival;

public sealed class RedisGoneTests
{
    [Fact]
    public async Task Open_RedisGone_Is503WithRetryAfter_AndRecoversByItself()
    {
        await using Tunnel tunnel = await Tunnel.StartAsync();
        using Socket listener = Loopback.Listen(out int targetPort);
        string open = $"{tunnel.Server}/v1/sessions?target=127.0.0.1:{targetPort}";
        await tunnel.Redis.KillAsync();
        await Waiting.UntilAsync(async () => (await tunnel.Http.GetAsync($"{tunnel.Server}/health")).StatusCode == HttpStatusCode.ServiceUnavailable, "readiness is false");

        using HttpResponseMessage refused = await tunnel.Http.PostAsync(open, null);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("routing-unavailable", refused.Headers.GetValues("Tunnel-Error").Single());
        Assert.NotNull(refused.Headers.RetryAfter);

        await tunnel.StartRedisAsync();
        await Waiting.UntilAsync(
            async () => (await tunnel.Http.PostAsync(open, null)).StatusCode == HttpStatusCode.Created, "a session opens again", TimeSpan.FromSeconds(10));
    }
}
