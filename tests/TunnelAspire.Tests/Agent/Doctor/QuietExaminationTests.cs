using TunnelAspire.Agent.Doctor;

namespace TunnelAspire.Tests.Agent.Doctor;

public sealed class QuietExaminationTests
{
    private static readonly int[] Waits = [5, 20, 35];

    [Fact]
    public void Judge_AllAnswered_NoLimitIsFound() =>
        Assert.Equal(new QuietFinding(35, null, null, null), Judge(Answered(5), Answered(20), Answered(35)));

    [Fact]
    public void Judge_OneIsCut_TheCutTellsTheLimit() =>
        Assert.Equal(new QuietFinding(20, 35, 30.1, "504"), Judge(Answered(5), Answered(20), new(0, "504", TimeSpan.FromSeconds(30.1))));

    [Fact]
    public void Judge_OneIsNeverAnswered_TheLimitIsBetweenTheWaits() =>
        Assert.Equal(new QuietFinding(5, 20, null, "no answer"), Judge(Answered(5), Unanswered(20), Unanswered(35)));

    [Fact]
    public void Judge_NoneIsAnswered_NothingPassed() =>
        Assert.Equal(new QuietFinding(0, 5, 1, "cut"), Judge(Cut(1), Cut(1), Cut(1)));

    /// <summary>A longer wait that happens to pass does not hide a shorter one that does not.</summary>
    [Fact]
    public void Judge_AShorterOneFails_ItCounts() =>
        Assert.Equal(new QuietFinding(5, 20, 3, "cut"), Judge(Answered(5), Cut(3), Answered(35)));

    private static QuietFinding Judge(params Attempt<long>[] attempts) => QuietExamination.Judge(Waits, attempts);

    private static Attempt<long> Answered(int seconds) => new(64, null, TimeSpan.FromSeconds(seconds));

    private static Attempt<long> Unanswered(int seconds) => new(0, "no answer", TimeSpan.FromSeconds(seconds + 5));

    private static Attempt<long> Cut(int seconds) => new(0, "cut", TimeSpan.FromSeconds(seconds));
}
