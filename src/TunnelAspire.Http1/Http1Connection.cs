using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http1;

/// <summary>One connection to a server, and the one request that is under way on it.</summary>
internal sealed class Http1Connection : IDisposable
{
    private readonly ReadyConnection _connection;
    private readonly IdleConnections _home;
    private readonly Http1Input _input;
    private readonly Http1Output _output;
    private Task _sending = Task.CompletedTask;
    private Exception? _failure; // of the request's content
    private bool _closes;
    private int _disposed;

    /// <summary>Takes over a connection, which goes to <paramref name="home"/> whenever it is idle.</summary>
    public Http1Connection(ReadyConnection connection, IdleConnections home)
    {
        (_connection, _home) = (connection, home);
        (_input, _output) = (new Http1Input(connection), new Http1Output(connection));
        Http1Handler.Count(connection, 1);
    }

    /// <summary>Since when it is idle, in milliseconds since the system started.</summary>
    public long IdleSince { get; private set; }

    /// <summary>Whether it was closed at the other end while it was idle, or has said what nobody asked for.</summary>
    public bool IsStale => _connection.IsStale;

    /// <summary>Sends the request; returns once its answer's head is there and the request has been sent, or was refused before that.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _sending = SendRequestAsync(request, cancellationToken);
        try
        {
            HttpResponseMessage answer = await ReadHeadAsync(request, cancellationToken);
            _closes |= Closes(request, answer);
            if (request is Http1Request { IsTwoWay: true })
            {
                _closes = true; // the body has its own end
            }
            else if (answer.StatusCode < HttpStatusCode.BadRequest)
            {
                await _sending;
            }
            else if (!_sending.IsCompleted)
            {
                _output.Abandon(); // nobody reads the rest: the connection ends with the answer
            }

            BodyFraming framing = Framing(request, answer);
            if (framing.Ended)
            {
                Free();
            }
            else
            {
                ((Http1Content)answer.Content).Body = new Http1ResponseBody(this, _input, framing);
            }

            return answer;
        }
        catch (Exception e)
        {
            Dispose();
            throw Reason(e);
        }
    }

    /// <summary>The answer has been read whole: the connection is free for the next request, if there may be one.</summary>
    public void Free()
    {
        if (_closes || !_sending.IsCompletedSuccessfully || _output.Failed || _failure is not null || !_input.IsEmpty)
        {
            Dispose();
            return;
        }

        _input.Release();
        IdleSince = Environment.TickCount64;
        _home.Return(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _connection.Dispose();
            Http1Handler.Count(_connection, -1);
        }
    }

    /// <summary>Sends; never fails. What is wrong with the content ends the connection, since nothing that made sense would follow.</summary>
    private async Task SendRequestAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            long? length = request.Content is { } body ? body.Headers.ContentLength : 0;
            Http1RequestHead.Write(_output, request, _home, length);
            _output.Begin(length);
            if (request.Content is { } content && length != 0)
            {
                await content.CopyToAsync(_output, cancellationToken);
            }

            await _output.EndAsync(cancellationToken);
        }
        catch (Exception) when (_output.Failed)
        {
            // The server may have answered before it closed the connection.
        }
        catch (Exception e)
        {
            _failure = e;
            Dispose();
        }
        finally
        {
            _output.Release();
        }
    }

    private async Task<HttpResponseMessage> ReadHeadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        while (true)
        {
            int length;
            while ((length = Http1ResponseHead.LengthOf(_input.Received)) == 0)
            {
                if (_input.Received.Length > Http1ResponseHead.MostBytes)
                {
                    throw new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded, $"the answer's head is longer than {Http1ResponseHead.MostBytes} bytes");
                }

                if (!await _input.FillAsync(cancellationToken))
                {
                    throw new HttpRequestException(HttpRequestError.ResponseEnded, "the connection ended without an answer");
                }
            }

            HttpResponseMessage answer = new() { RequestMessage = request, Content = new Http1Content() };
            Http1ResponseHead.Read(_input.Received[..length], answer);
            _input.Take(length);
            if (answer.StatusCode >= HttpStatusCode.OK)
            {
                return answer;
            }
        }
    }

    /// <summary>How the answer's body is framed (RFC 9112 section 6.3).</summary>
    private BodyFraming Framing(HttpRequestMessage request, HttpResponseMessage answer)
    {
        if (request.Method == HttpMethod.Head || answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        {
            return default;
        }

        if (answer.Headers.NonValidated.TryGetValues("Transfer-Encoding", out HeaderStringValues codings))
        {
            if (codings.ToString().EndsWith("chunked", StringComparison.OrdinalIgnoreCase))
            {
                return BodyFraming.Chunked();
            }
        }
        else if (answer.Content.Headers.NonValidated.TryGetValues("Content-Length", out HeaderStringValues lengths))
        {
            return lengths.Count == 1 && long.TryParse(lengths.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long length)
                ? BodyFraming.OfLength(length)
                : throw new HttpRequestException(HttpRequestError.InvalidResponse, $"the length of the answer's body is '{lengths}'");
        }

        _closes = true;
        return BodyFraming.UntilClosed();
    }

    private static bool Closes(HttpRequestMessage request, HttpResponseMessage answer) =>
        answer.Headers.NonValidated.TryGetValues("Connection", out HeaderStringValues options)
            ? options.ToString().Contains("close", StringComparison.OrdinalIgnoreCase)
            : answer.Version < HttpVersion.Version11 || request.Headers.NonValidated.Contains("Connection");

    /// <summary>What is to blame: the content where that has failed first, else the connection.</summary>
    private Exception Reason(Exception e) => _failure ?? e switch
    {
        SocketException => new HttpRequestException(HttpRequestError.Unknown, e.Message, e),
        _ => e,
    };
}
