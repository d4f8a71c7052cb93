using TunnelAspire.Agent.Doctor;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class BufferingExaminationTests
{
    [Theory]
    [InlineData("AtOnce", 0)]
    [InlineData("AtOnce", 70)] // a poor link, a busy machine
    [InlineData("Late", 211)] // haproxy
    [InlineData("Late", 400)]
    [InlineData("HeldBack", 560)]
    [InlineData("HeldBack", 600)] // nginx
    [InlineData("HeldBack", 1200)]
    public void Judge_GoesByHowLongAPartWasKept(string passage, double lag) =>
        Assert.Equal(new DirectionBuffering(Enum.Parse<Passage>(passage), lag, null), BufferingExamination.Judge(TimeSpan.FromMilliseconds(lag)));
}
