namespace TunnelAspire.Benchmarks.Load;

/// <summary>Connections that stand and carry nothing, until they are asked whether they still do.</summary>
internal sealed class IdleSessions : IDisposable
{
    private const int AtOnce = 32;
    private static readonly byte[] Greeting = [(byte)Request.Echo, (byte)'y'];
    private static readonly byte[] Question = [(byte)'z'];

    private readonly Clients _clients;

    /// <summary>Opens them, and sees one byte come back on each.</summary>
    public IdleSessions(int port, int count, TimeSpan patience)
    {
        _clients = new Clients(port, patience);
        try
        {
            OpenAll(count);
        }
        catch
        {
            _clients.Dispose();
            throw;
        }
    }

    /// <summary>How many answer with the right byte. Those that do not within the patience are not counted.</summary>
    public int CountAnswering()
    {
        _clients.Begin();
        int[] sessions = [.. _clients.Open];
        int answering = 0;
        for (int begin = 0; begin < sessions.Length; begin += AtOnce)
        {
            answering += Ask(sessions.AsSpan(begin, Math.Min(AtOnce, sessions.Length - begin)));
        }

        return answering;
    }

    public void Dispose() => _clients.Dispose();

    private void OpenAll(int count)
    {
        HashSet<int> greeted = [];
        byte[] buffer = new byte[4];
        int opened = 0;
        for (int begun = 0; opened < count;)
        {
            for (; begun < count && begun - opened < AtOnce; begun++)
            {
                _clients.Dial();
            }

            int ready = _clients.Wait($"after {opened} of {count} sessions");
            for (int i = 0; i < ready; i++)
            {
                int socket = _clients.Ready(i).Socket;
                if (greeted.Add(socket))
                {
                    Clients.Send(socket, Greeting);
                    _clients.Listen(socket);
                }
                else if (Clients.Receive(socket, buffer) > 0)
                {
                    opened++;
                }
            }
        }
    }

    private int Ask(ReadOnlySpan<int> sessions)
    {
        HashSet<int> asked = [];
        foreach (int session in sessions)
        {
            Clients.Send(session, Question);
            asked.Add(session);
        }

        byte[] buffer = new byte[4];
        int answered = 0;
        while (asked.Count > 0)
        {
            int ready = _clients.Wait("while idle sessions were asked");
            for (int i = 0; i < ready; i++)
            {
                int socket = _clients.Ready(i).Socket;
                int count = Clients.Receive(socket, buffer);
                answered += count > 0 && asked.Remove(socket) && buffer[0] == Question[0] ? 1 : 0;
            }
        }

        return answered;
    }
}
