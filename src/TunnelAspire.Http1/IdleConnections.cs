namespace TunnelAspire.Http1;

/// <summary>Connections to one server that nobody uses now. The one that was used last is taken first, so that the others can be let go.</summary>
/// <param name="authority">The server, as a request's Host names it.</param>
/// <param name="skipped">So many characters at the beginning of a request's path are not for the server: somebody on the way took them off.</param>
internal sealed class IdleConnections(string authority, int skipped = 0)
{
    private readonly List<Http1Connection> _idle = []; // and what guards it
    private bool _closed;

    /// <summary>The server, as a request's Host names it.</summary>
    public string Authority => authority;

    /// <summary>What is asked for, as the request's first line says it to this server.</summary>
    public ReadOnlySpan<char> Target(HttpRequestMessage request) =>
        (request is Http1Request { Target: { } target } ? target : request.RequestUri!.PathAndQuery).AsSpan(skipped);

    /// <summary>One that is as good as new; null where there is none.</summary>
    public Http1Connection? TryTake()
    {
        while (true)
        {
            Http1Connection last;
            lock (_idle)
            {
                if (_idle.Count == 0)
                {
                    return null;
                }

                last = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
            }

            if (!last.IsStale)
            {
                return last;
            }

            last.Dispose();
        }
    }

    /// <summary>Takes a connection back.</summary>
    public void Return(Http1Connection connection)
    {
        lock (_idle)
        {
            if (!_closed)
            {
                _idle.Add(connection);
                return;
            }
        }

        connection.Dispose();
    }

    /// <summary>Closes what has been idle since before <paramref name="since"/>, in milliseconds since the system started.</summary>
    public void Close(long since)
    {
        lock (_idle)
        {
            _idle.RemoveAll(connection => Close(connection, since));
        }
    }

    /// <summary>Closes what is idle, and what becomes idle.</summary>
    public void Close()
    {
        lock (_idle)
        {
            _closed = true;
        }

        Close(long.MaxValue);
    }

    private static bool Close(Http1Connection connection, long since)
    {
        bool closes = connection.IdleSince < since || connection.IsStale;
        if (closes)
        {
            connection.Dispose();
        }

        return closes;
    }
}
