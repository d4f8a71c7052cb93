using TunnelAspire.Agent;
using TunnelAspire.Agent.Http;
using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Tests.Agent.Http;

public sealed class CallerTokenTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Authorize_WithAToken_ShowsIt() => Assert.Equal("Bearer abc", Shown(new AgentOptions { Token = " abc\n" }));

    [Fact]
    public void Authorize_WithAFile_ReadsItEachTime()
    {
        AgentOptions options = new() { TokenFile = _file };
        File.WriteAllText(_file, "first\n");
        CallerToken token = new(options);

        Assert.Equal("Bearer first", Shown(token));
        File.WriteAllText(_file, "second");
        Assert.Equal("Bearer second", Shown(token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("two\nlines")]
    [InlineData("\u00e4")]
    public void Authorize_WithAFileThatHoldsNoToken_SaysSo(string text)
    {
        File.WriteAllText(_file, text);

        CarrierException refusal = Assert.Throws<CarrierException>(() => Shown(new AgentOptions { TokenFile = _file }));

        Assert.Equal((CarrierFault.Barred, $"the file '{_file}' holds no token"), (refusal.Fault, refusal.Message));
    }

    [Fact]
    public void Authorize_WithAFileThatIsGone_NamesIt()
    {
        CarrierException refusal = Assert.Throws<CarrierException>(() => Shown(new AgentOptions { TokenFile = _file + "-gone" }));

        Assert.Equal(CarrierFault.Barred, refusal.Fault);
        Assert.Contains(_file, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b", "", null, "the token that is given is none")]
    [InlineData("a", "b", null, "exclude each other")]
    [InlineData("", "/no/such/file", null, "does not exist")]
    [InlineData("a", "", "authorization: Basic x", "exclude each other")]
    public void CheckServer_OfATokenThatIsNoneOrTwo_SaysSo(string token, string file, string? header, string said)
    {
        AgentOptions options = new() { Server = "http://relay", Token = token, TokenFile = file, Headers = header is null ? [] : [header] };

        Assert.Contains(said, Assert.Throws<FormatException>(options.CheckServer).Message, StringComparison.Ordinal);
    }

    private static string? Shown(AgentOptions options) => Shown(new CallerToken(options));

    private static string? Shown(CallerToken token)
    {
        using HttpRequestMessage request = new();
        token.Authorize(request);
        return request.Headers.Authorization?.ToString();
    }
}
