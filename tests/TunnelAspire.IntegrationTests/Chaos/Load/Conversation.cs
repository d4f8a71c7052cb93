using System.Net.Sockets;

namespace TunnelAspire.IntegrationTests.Chaos.Load;

/// <summary>Both sides of a connection, by shape. Each requires every byte of the other's stream, in its place, and its end.</summary>
internal sealed class Conversation(Shape shape, Stalls stalls, Func<Pace> pace)
{
    private const int LongestQuestion = 4096;

    /// <summary>The client's side.</summary>
    public async Task AskAsync(Socket socket, Plan plan, TimeSpan pause, CancellationToken cancellationToken)
    {
        Wire wire = new(socket);
        Stalls.Pulse pulse = stalls.Begin($"{shape} client");
        if (shape == Shape.ServerFirst)
        {
            byte[] head = new byte[Plan.Length];
            await RequireHeadAsync(wire, head, cancellationToken);
            pulse.Beat();
            plan = Plan.Read(head);
            await wire.RequireAsync(0, plan.Down, plan.DownSeed, pulse, cancellationToken);
            await wire.SendAsync(0, plan.Up, plan.Seed, Pace.Free, cancellationToken);
            wire.Finish();
        }
        else
        {
            await wire.SendAsync(plan.Write(), cancellationToken);
            await (shape switch
            {
                Shape.Bulk => Task.WhenAll(PourAsync(wire, plan.Up, plan.Seed, cancellationToken), wire.RequireAsync(0, plan.Down, plan.DownSeed, pulse, cancellationToken)),
                Shape.HalfClose => AskOnceAsync(wire, plan, pulse, cancellationToken),
                _ => AskOftenAsync(wire, plan, pause, pulse, cancellationToken),
            });
        }

        await wire.RequireEndAsync(pulse, cancellationToken);
    }

    /// <summary>The target's side.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="own">The plan, where the target speaks first.</param>
    /// <param name="isNew">Whether the plan that has come has not come before.</param>
    /// <param name="cancellationToken">Ends the load.</param>
    /// <returns>
    /// The plan; null for a connection that ended, in whatever way, before the client's first byte: the tunnel may open one that nobody
    /// uses. Whether the client got what it should shows at the client.
    /// </returns>
    public async Task<Plan?> AnswerAsync(Socket socket, Plan own, Func<Plan, bool> isNew, CancellationToken cancellationToken)
    {
        Wire wire = new(socket);
        Stalls.Pulse pulse = stalls.Begin($"{shape} target");
        if (shape == Shape.ServerFirst)
        {
            if (!await IsTakenAsync(wire, own, cancellationToken))
            {
                return null;
            }

            pulse.Restart();
            await wire.RequireAsync(1, own.Up, own.Seed, pulse, cancellationToken);
            await wire.RequireEndAsync(pulse, cancellationToken);
            wire.Finish();
            return own;
        }

        byte[] head = new byte[Plan.Length];
        if (!await IsAskedAsync(wire, head, cancellationToken))
        {
            return null;
        }

        Plan plan = Plan.Read(head);
        if (!isNew(plan))
        {
            throw new InvalidDataException($"the connection {plan.Seed:x} has come twice");
        }

        pulse.Restart();
        switch (shape)
        {
            case Shape.Bulk:
                await Task.WhenAll(PourAsync(wire, plan.Down, plan.DownSeed, cancellationToken), wire.RequireAsync(0, plan.Up, plan.Seed, pulse, cancellationToken));
                await wire.RequireEndAsync(pulse, cancellationToken);
                break;
            case Shape.HalfClose:
                await wire.RequireAsync(0, plan.Up, plan.Seed, pulse, cancellationToken);
                await wire.RequireEndAsync(pulse, cancellationToken);
                await PourAsync(wire, plan.Down, plan.DownSeed, cancellationToken);
                break;
            default:
                await EchoAsync(wire, plan, cancellationToken);
                break;
        }

        return plan;
    }

    /// <summary>Speaks first, and tells whether anybody answers.</summary>
    private static async Task<bool> IsTakenAsync(Wire wire, Plan own, CancellationToken cancellationToken)
    {
        byte[] first = new byte[1];
        try
        {
            await wire.SendAsync(own.Write(), cancellationToken);
            await wire.SendAsync(0, own.Down, own.DownSeed, Pace.Free, cancellationToken);
        }
        catch (SocketException)
        {
            return false;
        }

        bool taken = await IsAskedAsync(wire, first, cancellationToken);
        if (taken)
        {
            Pattern.Require(first, 0, own.Seed, new byte[1]);
        }

        return taken;
    }

    /// <summary>Reads the client's first bytes, and tells whether there are any.</summary>
    private static async Task<bool> IsAskedAsync(Wire wire, Memory<byte> first, CancellationToken cancellationToken)
    {
        try
        {
            return await wire.ReadAsync(first, cancellationToken);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task PourAsync(Wire wire, long bytes, ulong seed, CancellationToken cancellationToken)
    {
        await wire.SendAsync(0, bytes, seed, pace(), cancellationToken);
        wire.Finish();
    }

    private async Task AskOnceAsync(Wire wire, Plan plan, Stalls.Pulse pulse, CancellationToken cancellationToken)
    {
        await PourAsync(wire, plan.Up, plan.Seed, cancellationToken);
        pulse.Restart();
        await wire.RequireAsync(0, plan.Down, plan.DownSeed, pulse, cancellationToken);
    }

    private static async Task AskOftenAsync(Wire wire, Plan plan, TimeSpan pause, Stalls.Pulse pulse, CancellationToken cancellationToken)
    {
        for (long round = 0; round < plan.Up; round++)
        {
            await Task.Delay(pause, cancellationToken);
            pulse.Restart();
            await wire.SendAsync(round * plan.Down, (round + 1) * plan.Down, plan.Seed, Pace.Free, cancellationToken);
            await wire.RequireAsync(round * plan.Down, (round + 1) * plan.Down, plan.DownSeed, pulse, cancellationToken);
        }

        wire.Finish();
        pulse.Restart();
    }

    private static async Task EchoAsync(Wire wire, Plan plan, CancellationToken cancellationToken)
    {
        byte[] question = new byte[Math.Min(plan.Down, LongestQuestion)];
        byte[] scratch = new byte[question.Length];
        for (long round = 0; round < plan.Up; round++)
        {
            await RequireHeadAsync(wire, question, cancellationToken);
            Pattern.Require(question, round * plan.Down, plan.Seed, scratch);
            await wire.SendAsync(round * plan.Down, (round + 1) * plan.Down, plan.DownSeed, Pace.Free, cancellationToken);
        }

        if (await wire.ReadAsync(new byte[1], cancellationToken))
        {
            throw new InvalidDataException("the stream goes on behind its end");
        }

        wire.Finish();
    }

    private static async Task RequireHeadAsync(Wire wire, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!await wire.ReadAsync(bytes, cancellationToken))
        {
            throw new EndOfStreamException("the stream ended before the first byte: cut without a reset");
        }
    }
}
