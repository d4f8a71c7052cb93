using System.Buffers;
using CsCheck;
using TunnelAspire.Protocol.Streaming;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Protocol.Streaming;

/// <summary>
/// A sending and a receiving half, and between them a network that loses, repeats, reorders and cuts messages, in any order that
/// CsCheck can think of. A failure prints its seed: set the environment variable <c>CsCheck_Seed</c> to see it again.
/// </summary>
public sealed class StreamProperties
{
    private const int Scenarios = 50_000;

    private static readonly Gen<Move> AnyMove = Gen.Select(Gen.Enum<Act>(), Gen.Int[0, 400], Gen.Int[0, 1000], (act, size, choice) => new Move(act, size, choice));

    private static readonly Gen<Scenario> AnyScenario = Gen.Select(
        Gen.Int[1, 2000], Gen.Int[1, 300], Gen.Int[1, 300], Gen.Bool, AnyMove.Array[0, 120],
        (window, mostPerRead, mostPerWrite, tellsAvailable, moves) => new Scenario(window, mostPerRead, mostPerWrite, tellsAvailable, moves));

    /// <summary>What can happen next.</summary>
    public enum Act
    {
        Feed,
        Take,
        TryTake,
        Deliver,
        DeliverTwice,
        DeliverCut,
        Lose,
        Acknowledge,
        LoseAcknowledgement,
        Restart,
        AcknowledgeTooMuch,
    }

    public sealed record Move(Act Act, int Size, int Choice);

    public sealed record Scenario(int Window, int MostPerRead, int MostPerWrite, bool TellsAvailable, Move[] Moves)
    {
        public override string ToString() => $"window {Window}, reads {MostPerRead}, writes {MostPerWrite}, tells {TellsAvailable}: {string.Join(" ", Moves.Select(s => $"{s.Act}({s.Size},{s.Choice})"))}";
    }

    [Fact]
    public Task Stream_OverAnyNetwork_ArrivesWholeOnceAndInOrder() =>
        AnyScenario.SampleAsync(PlayAsync, iter: Scenarios, threads: 2);

    private static async Task PlayAsync(Scenario scenario)
    {
        using Run run = new(scenario);
        await run.PlayAsync();
    }

    /// <summary>One play of a scenario, checked at each move.</summary>
    private sealed class Run : IDisposable
    {
        private readonly Scenario _scenario;
        private readonly MemorySource _source;
        private readonly MemorySink _sink;
        private readonly SendingHalf _sending;
        private readonly ReceivingHalf _receiving;
        private readonly List<OutboundRange> _network = [];
        private readonly List<Task> _deliveries = [];
        private readonly Queue<long> _acks = new();
        private long _generation;
        private long _highest;

        public Run(Scenario scenario)
        {
            _scenario = scenario;
            _source = new MemorySource(scenario.MostPerRead, scenario.TellsAvailable);
            _sink = new MemorySink(scenario.MostPerWrite);
            _sending = new SendingHalf(_source, scenario.Window);
            _receiving = new ReceivingHalf(_sink, scenario.Window);
        }

        public void Dispose()
        {
            _network.ForEach(range => range.Dispose());
            _sending.Dispose();
        }

        public async Task PlayAsync()
        {
            foreach (Move move in _scenario.Moves)
            {
                await PlayAsync(move);
                CheckInvariants();
            }

            _source.End();
            await DrainAsync();
            await Task.WhenAll(_deliveries).Soon();
            Assert.Equal(_source.Fed, _sink.Written);
            Assert.Equal(_source.Fed, _sink.FinishedAt);
            Assert.Equal(1, _sink.Finishes);
        }

        private async Task PlayAsync(Move move)
        {
            switch (move.Act)
            {
                case Act.Feed:
                    _source.Feed(move.Size);
                    break;
                case Act.Take when CanTake:
                    Hold(await _sending.TakeAsync(_generation, move.Size + 1, CancellationToken.None), move.Size + 1);
                    break;
                case Act.TryTake when _sending.TryTake(_generation, move.Size + 1, out OutboundRange range):
                    Hold(range, move.Size + 1);
                    break;
                case Act.Acknowledge:
                    _acks.Enqueue(_receiving.Next);
                    if (move.Choice % 2 == 0)
                    {
                        _sending.Acknowledge(_acks.Dequeue()); // maybe an old one
                    }

                    break;
                case Act.LoseAcknowledgement:
                    _acks.TryDequeue(out _);
                    break;
                case Act.Restart:
                    Assert.True(_sending.Restart(++_generation));
                    break;
                case Act.AcknowledgeTooMuch:
                    Assert.Throws<TunnelException>(() => _sending.Acknowledge(_sending.Sent + 1 + move.Size));
                    break;
                default:
                    PlayNetwork(move);
                    break;
            }
        }

        private void PlayNetwork(Move move)
        {
            if (_network.Count == 0)
            {
                return;
            }

            int which = move.Choice % _network.Count;
            OutboundRange range = _network[which];
            switch (move.Act)
            {
                case Act.Deliver:
                    _network.RemoveAt(which);
                    Deliver(range.Offset, range.Bytes.ToArray(), range.Fin);
                    range.Dispose();
                    break;
                case Act.DeliverTwice:
                    Deliver(range.Offset, range.Bytes.ToArray(), range.Fin);
                    break;
                case Act.DeliverCut:
                    Deliver(range.Offset, range.Bytes.Slice(0, move.Size % (range.Length + 1)).ToArray(), range.Fin);
                    break;
                case Act.Lose:
                    _network.RemoveAt(which);
                    range.Dispose();
                    break;
            }
        }

        /// <summary>Whether a take would not wait.</summary>
        private bool CanTake =>
            _sending.Next < _highest || _sending.Fin is not null || (_source.Ready && _highest - _sending.Acknowledged < _scenario.Window);

        private void Hold(OutboundRange range, int most)
        {
            Assert.InRange(range.Length, range.Fin is null ? 1 : 0, most);
            Pattern.Require(range.Bytes.ToArray(), range.Offset);
            _highest = Math.Max(_highest, range.End);
            _network.Add(range);
        }

        private void Deliver(long offset, byte[] bytes, long? fin)
        {
            Task delivery = DeliverAsync(offset, bytes, fin);
            if (!delivery.IsCompletedSuccessfully)
            {
                _deliveries.Add(delivery);
            }
        }

        private async Task DeliverAsync(long offset, byte[] bytes, long? fin)
        {
            try
            {
                await _receiving.ApplyAsync(offset, new ReadOnlySequence<byte>(bytes), CancellationToken.None);
                if (fin == offset + bytes.Length)
                {
                    await _receiving.FinishAsync(fin.Value, CancellationToken.None);
                }
            }
            catch (TunnelException e) when (e.Error == TunnelError.OffsetGap)
            {
                Assert.True(offset > _scenario.Window); // refused, to be sent again
            }
        }

        private void CheckInvariants()
        {
            long acknowledged = _sending.Acknowledged;
            Assert.InRange(acknowledged, 0, _receiving.Next);
            Assert.InRange(_sending.Next, acknowledged, _sending.Sent);
            Assert.InRange(_source.Taken - acknowledged, 0, _scenario.Window);
            long next = _receiving.Next; // read first: those who waited for their turn write meanwhile
            Assert.InRange(_sink.Written, next, _sending.Sent);
        }

        /// <summary>The network works again: what is missing is sent once more, to the end.</summary>
        private async Task DrainAsync()
        {
            _sending.Acknowledge(_receiving.Next);
            _sending.Restart(++_generation);
            while (!_receiving.Finished)
            {
                using OutboundRange range = await _sending.TakeAsync(_generation, 500, CancellationToken.None).Soon();
                await DeliverAsync(range.Offset, range.Bytes.ToArray(), range.Fin).Soon();
                _sending.Acknowledge(range.End);
            }
        }
    }
}
