using TunnelAspire.Protocol.Carriers;

namespace TunnelAspire.Tests.Protocol.Carriers;

public sealed class GenerationTests
{
    [Fact]
    public void Exchanges_ThatEndTheirGenerationWhenTheyAreTold_AreToldOneAfterTheOther()
    {
        const int Count = 16;
        Generation generation = new(1);
        (int told, int within, int deepest) = (0, 0, 0);
        for (int i = 0; i < Count; i++)
        {
            generation.Enter(CancellationToken.None).Token.Register(() =>
            {
                told++;
                deepest = Math.Max(deepest, ++within);
                generation.End();
                within--;
            });
        }

        generation.End();
        Assert.Equal((Count, 1), (told, deepest));
    }
}
