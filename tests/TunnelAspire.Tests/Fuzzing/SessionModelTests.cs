using System.Net.Sockets;
using CsCheck;
using TunnelAspire.Protocol.Wire;
using TunnelAspire.Tests.Edge;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Fuzzing;

/// <summary>
/// Requests to a session in any order, right and wrong, and a model that says what each is to be answered: status, error, ack, offset
/// and bytes. A failure prints the shortest scenario that CsCheck finds, and its seed; <c>TUNNEL_FUZZ=100</c> tries a hundred times as many.
/// </summary>
public abstract class SessionModelTests(TunnelHosts hosts, Func<TunnelHosts, Uri> entrance) : IClassFixture<TunnelHosts>
{
    private const int Scenarios = 60;

    private static readonly Gen<Move> AnyMove = Gen.Select(
        Gen.Frequency((6, Gen.Const(Act.Send)), (1, Gen.Const(Act.SendEnd)), (6, Gen.Const(Act.Receive)), (4, Gen.Const(Act.Produce)), (1, Gen.Const(Act.EndTarget)),
            (1, Gen.Const(Act.WrongText)), (1, Gen.Const(Act.WrongToken)), (1, Gen.Const(Act.WrongVerb)), (1, Gen.Const(Act.WrongMedia)), (1, Gen.Const(Act.TooLarge)), (1, Gen.Const(Act.Delete))),
        Gen.Int[0, 11], Gen.Int[0, 3000], Gen.Int[0, 11], (act, where, size, other) => new Move(act, where, size, other));

    /// <summary>What can happen next.</summary>
    public enum Act
    {
        Send,
        SendEnd,
        Receive,
        Produce,
        EndTarget,
        WrongText,
        WrongToken,
        WrongVerb,
        WrongMedia,
        TooLarge,
        Delete,
    }

    public sealed record Move(Act Act, int Where, int Size, int Other)
    {
        public override string ToString() => $"{Act}({Where},{Size},{Other})";
    }

    [Fact]
    public Task Session_AskedAnything_AnswersAsTheProtocolSays() =>
        AnyMove.Array[1, 30].SampleAsync(PlayAsync, iter: ParserProperties.Times(Scenarios), threads: 1, print: moves => string.Join(" ", moves.Select(move => move.ToString())));

    private async Task PlayAsync(Move[] moves)
    {
        using EdgeClient client = new(entrance(hosts));
        EdgeSession session = await client.OpenAsync(TunnelHosts.Address(hosts.PlayedTarget));
        using Socket target = await hosts.PlayedTarget.AcceptSocketAsync().Soon();
        Play play = new(client, session, target, entrance(hosts) != hosts.Connector);
        foreach (Move move in moves)
        {
            await play.MoveAsync(move);
        }

        await play.SettleAsync();
    }

    /// <summary>One scenario: the session, its target, and the model beside them.</summary>
    private sealed class Play(EdgeClient client, EdgeSession session, Socket target, bool throughRelay)
    {
        private readonly SessionModel _model = new(TunnelHosts.MaxBody);
        private long _arrived;
        private bool _deleted;

        public Task MoveAsync(Move move) => move.Act switch
        {
            Act.Send => SendAsync(Near(_model.Accepted, move.Where, move.Size), move.Size, null, move.Other is 0 ? _model.Sent + 1 : move.Other < 5 ? _model.Next : null),
            Act.SendEnd => SendAsync(_model.Accepted, move.Size % 50, _model.Fin ?? Near(_model.Accepted + (move.Size % 50), move.Where, 1), move.Other < 6 ? _model.Next : null),
            Act.Receive => ReceiveAsync(
                move.Other is 0 ? _model.Sent + 1 : Math.Max(0, _model.Next - (move.Other < 4 ? move.Size : 0)),
                Math.Max(0, _model.Generation + (move.Where < 8 ? 0 : move.Where - 9)), move.Size),
            Act.Produce => ProduceAsync(move.Size),
            Act.EndTarget => EndTargetAsync(),
            Act.Delete => move.Where < 4 ? DeleteAsync() : Task.CompletedTask, // else no scenario would be long
            _ => AskWronglyAsync(move),
        };

        /// <summary>In the end the target has exactly the bytes that were accepted, and the client gets all that the target sent.</summary>
        public async Task SettleAsync()
        {
            while (!_model.Ended && _model.Next < _model.Produced)
            {
                await ReceiveAsync(_model.Next, _model.Generation, TunnelHosts.MaxBody);
            }

            await DeleteAsync();
        }

        private static long Near(long position, int where, int size) => Math.Max(0, where switch
        {
            < 7 => position,
            7 => position - size,
            8 => position - (size / 2),
            9 => position - 1,
            10 => position + TunnelHosts.Limits.Window + 1 + size, // refused at once
            _ => size == 0 ? position + 1 : position, // refused after the hold time: rare
        });

        private async Task SendAsync(long offset, int length, long? fin, long? ack)
        {
            Expected expected = _model.Send(offset, length, fin, ack);
            string query = $"?offset={offset}{(fin is { } end ? $"&fin={end}" : "")}{(ack is { } all ? $"&ack={all}" : "")}";
            Answer answer = await session.SendAsync(query, Pattern.Bytes(offset, length));
            Require(expected, answer, query);
            if (answer.Status is 200 or 409)
            {
                Assert.Equal(_model.Accepted, answer.Ack);
                await RequireArrivedAsync();
            }

            if (answer.Status == 200 && answer.Fin is { } told)
            {
                Assert.True(_model.TargetEnded);
                Assert.Equal(_model.Produced, told);
                _model.TellEnd();
            }

            if (answer.Status == 200 && _model.CompletesWith(_model.EndTold))
            {
                _model.Complete();
            }
        }

        private async Task ReceiveAsync(long ack, long generation, int max)
        {
            Expected expected = _model.Receive(ack, generation, max);
            string query = $"?ack={ack}&gen={generation}&max={max}&hold=20";
            Answer answer = await session.ReceiveAsync(query);
            Require(expected, answer, query);
            if (answer.Status != 200)
            {
                return;
            }

            Assert.Equal(_model.Next, answer.Offset);
            Assert.Equal(_model.Accepted, answer.Ack);
            Assert.InRange(answer.Body.Length, 0, Math.Min(max, _model.Produced - _model.Next));
            Pattern.Require(answer.Body, answer.Offset);
            _model.HandedOut(answer.Body.Length, answer.Fin is not null);
            if (answer.Fin is { } fin)
            {
                Assert.True(_model.TargetEnded);
                Assert.Equal(_model.Produced, fin);
                Assert.Equal(_model.Next, fin);
            }
        }

        private async Task ProduceAsync(int length)
        {
            if (!_model.TargetEnded && !_model.Ended)
            {
                await target.SendAsync(Pattern.Bytes(_model.Produced, length));
                _model.Produced += length;
            }
        }

        private Task EndTargetAsync()
        {
            if (!_model.TargetEnded && !_model.Ended)
            {
                target.Shutdown(SocketShutdown.Send);
                _model.TargetEnded = true;
            }

            return Task.CompletedTask;
        }

        private async Task DeleteAsync()
        {
            Expected expected = _model.Delete();
            Require(expected, await session.EndAsync(), "DELETE");
            _deleted |= expected.Status == 204;
        }

        /// <summary>What is refused before the session is asked, and leaves it as it was.</summary>
        private async Task AskWronglyAsync(Move move)
        {
            string[] texts = ["?offset=-1", "?offset=", "?offset=1&offset=2", "?offset=9223372036854775807", "?offset=9223372036854775808", "?offset=0&ack=x", "?offset=0&fin=+1", "", "?offset=0x10", "?offset=5&fin=4"];
            (Expected expected, Answer answer) = move.Act switch
            {
                Act.WrongText => (Alive(TunnelError.Malformed), await session.SendAsync(texts[move.Size % texts.Length])),
                Act.WrongToken => ((Expected)TunnelError.SessionUnknown, await client.AskAsync(HttpMethod.Get, $"{session.Path}/receive?ack=0", null, (TunnelHeaders.Token, (session.Token[0] == 'A' ? "B" : "A") + session.Token[1..]))),
                Act.WrongVerb => ((Expected)TunnelError.MethodNotAllowed, await client.AskAsync(HttpMethod.Put, $"{session.Path}/send?offset=0", null, session.Admission)),
                Act.WrongMedia => (Alive(TunnelError.UnsupportedMediaType), await session.SendAsync("?offset=0", EdgeClient.Bytes([1], "text/plain"))),
                _ => (Alive(TunnelError.BodyTooLarge), await session.SendAsync("?offset=0", new byte[TunnelHosts.MaxBody + 1])),
            };
            Require(expected, answer, move.ToString());
        }

        private Expected Alive(TunnelError error) => _model.Ended ? TunnelError.SessionGone : error;

        private void Require(Expected expected, Answer answer, string request)
        {
            if (_deleted && throughRelay && expected.Error == TunnelError.SessionGone && answer.Status == 404)
            {
                return; // the route is gone with the session, or about to go
            }

            if (answer.Status != expected.Status || answer.Headers.GetValueOrDefault(TunnelHeaders.Error) != expected.Error?.Code())
            {
                Assert.Fail($"{request}: {expected.Status} {expected.Error} was expected, and {answer.Status} {answer.Headers.GetValueOrDefault(TunnelHeaders.Error)} came: {System.Text.Encoding.UTF8.GetString(answer.Body)}");
            }

            if (expected.Error == TunnelError.SessionGone && _model.Completed)
            {
                Assert.Equal(_model.Accepted, answer.Ack);
                Assert.Equal(_model.Produced, answer.Fin);
            }
        }

        /// <summary>What has been acknowledged is on its way to the target, and right.</summary>
        private async Task RequireArrivedAsync()
        {
            byte[] bytes = new byte[_model.Accepted - _arrived];
            for (int length = 0; length < bytes.Length;)
            {
                int count = await target.ReceiveAsync(bytes.AsMemory(length)).Soon();
                Assert.NotEqual(0, count);
                length += count;
            }

            Pattern.Require(bytes, _arrived);
            _arrived = _model.Accepted;
        }
    }
}

public sealed class SessionModelAtTheConnectorTests(TunnelHosts hosts) : SessionModelTests(hosts, hosts => hosts.Connector);

public sealed class SessionModelThroughTheRelayTests(TunnelHosts hosts) : SessionModelTests(hosts, hosts => hosts.Relay);
