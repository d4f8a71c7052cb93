using TunnelAspire.Agent.Doctor;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class BufferingExaminationTests
{
    [Theory]
    [InlineData("AtOnce", 0, 0, 300, 600)]
    [InlineData("AtOnce", 0, 1000, 1300, 1600)] // a long way
    [InlineData("AtOnce", 70, 0, 370, 600)] // a poor one
    [InlineData("Late", 219, 0, 519, 600)] // haproxy, upwards
    [InlineData("Late", 211, 207, 511, 600)] // haproxy, downwards
    [InlineData("Late", 200, 200, 500, 600)]
    [InlineData("HeldBack", 600, 600, 600, 600)]
    [InlineData("HeldBack", 600, 0, 0, 0)] // nginx: its head comes with the whole body
    public void Judge_GoesByHowLongAPartWasKept(string passage, double lag, double first, double second, double third) =>
        Assert.Equal(new DirectionBuffering(Enum.Parse<Passage>(passage), lag, null), BufferingExamination.Judge([first, second, third]));
}
