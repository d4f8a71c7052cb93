using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using TunnelAspire.Protocol.Lanes;
using TunnelAspire.Protocol.Sockets;

namespace TunnelAspire.Http.Direct;

/// <summary>One request and its answer, as endpoints see them; the same object for all of a connection's requests, one after the other.</summary>
internal sealed class DirectExchange : IHttpRequestFeature, IHttpResponseFeature, IHttpResponseBodyFeature, IRequestBodyPipeFeature,
    IHttpRequestBodyDetectionFeature, IHttpRequestLifetimeFeature, IHttpConnectionFeature, IRouteValuesFeature, IDirectFeature
{
    private readonly DirectHead _head;
    private readonly DirectBodyReader _reader;
    private readonly DirectBodyWriter _writer;
    private readonly DefaultHttpContext _context = new();
    private readonly Action _abort;
    private readonly IPEndPoint? _remote;
    private readonly IPEndPoint? _local;
    private readonly CancellationToken _aborted;
    private readonly DirectFeatures _own;
    private readonly Lane? _lane;
    private Stack<(Func<object, Task> Callback, object State)>? _starting; // most requests have none
    private Stack<(Func<object, Task> Callback, object State)>? _completed;
    private Stream? _requestStream;
    private Stream? _requestBody; // in place of the stream
    private Stream? _responseStream;
    private string? _rawTarget; // in place of what was asked

    /// <summary>The exchanges of one connection.</summary>
    public DirectExchange(ReadyConnection connection, DirectHead head, IServiceScopeFactory services, Action abort, CancellationToken aborted)
    {
        (_head, _abort, _aborted) = (head, abort, aborted);
        (_reader, _writer) = (new DirectBodyReader(connection), new DirectBodyWriter(connection, this));
        _context.ServiceScopeFactory = services;
        _own = new DirectFeatures(this);
        (_remote, _local, _lane) = (connection.RemoteEndPoint as IPEndPoint, connection.LocalEndPoint as IPEndPoint, connection as Lane);
    }

    public DirectBodyReader BodyReader => _reader;

    public DirectBodyWriter BodyWriter => _writer;

    /// <summary>The endpoint has returned: an answer that has no body yet has none.</summary>
    public bool Ending { get; private set; }

    /// <summary>The answer has no body, whatever its headers say.</summary>
    public bool IsBodiless => StatusCode is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified;

    /// <summary>The connection ends after this answer, and the answer says so.</summary>
    public bool Closes { get; set; }

    public HeaderDictionary ResponseHeaders { get; } = [];

    public int StatusCode { get; set; }

    public CancellationToken RequestAborted { get; set; }

    /// <summary>Begins the request whose head has just been read, with what has come of its body. What middleware made of the one before it is forgotten.</summary>
    public void Begin(ReadOnlySpan<byte> body)
    {
        (StatusCode, Ending, Closes) = (StatusCodes.Status200OK, false, _head.Closes);
        (Protocol, Scheme, Method, PathBase) = ("HTTP/1.1", "http", _head.Method, "");
        (Path, QueryString, _rawTarget, _requestBody) = (_head.Path, _head.Query, null, null);
        (RemoteIpAddress, RemotePort, LocalIpAddress, LocalPort) = (_remote?.Address, _remote?.Port ?? 0, _local?.Address, _local?.Port ?? 0);
        RequestAborted = _aborted;
        ResponseHeaders.Clear();
        _reader.Begin(_head.BodyLength, body);
        _writer.Begin();
    }

    /// <summary>The request as an endpoint takes it.</summary>
    public HttpContext Context()
    {
        _context.Initialize(Features());
        return _context;
    }

    /// <summary>Ends the answer in order, if that has not been done yet.</summary>
    public async Task CompleteAsync()
    {
        Ending = true;
        if (!_aborted.IsCancellationRequested)
        {
            await _writer.EndAsync(_aborted);
        }
    }

    /// <summary>The application has failed: says so, where nothing has been said yet.</summary>
    public async Task FailAsync()
    {
        if (!_writer.Started)
        {
            _writer.Release();
            _starting = null;
            ResponseHeaders.Clear();
            (StatusCode, Closes) = (StatusCodes.Status500InternalServerError, true);
            await CompleteAsync();
        }
    }

    /// <summary>The exchange is over, however it ended: who asked for it is told, and nothing is kept of it.</summary>
    public async ValueTask EndAsync()
    {
        try
        {
            while (_completed?.TryPop(out (Func<object, Task> Callback, object State) asked) == true)
            {
                await asked.Callback(asked.State);
            }
        }
        finally
        {
            _context.Uninitialize();
            _writer.Release();
            (_starting, _completed) = (null, null);
        }
    }

    /// <summary>Tells those who asked for it that the head is about to be made.</summary>
    public async ValueTask StartingAsync()
    {
        while (_starting?.TryPop(out (Func<object, Task> Callback, object State) asked) == true)
        {
            await asked.Callback(asked.State);
        }
    }

    /// <summary>An upper bound of the answer's head.</summary>
    public int MostHeadBytes()
    {
        int most = 256;
        foreach ((string name, StringValues values) in ResponseHeaders)
        {
            foreach (string? value in values)
            {
                most += name.Length + (value?.Length ?? 0) + 4;
            }
        }

        return most;
    }

    /// <summary>Writes the answer's head; returns its length.</summary>
    /// <exception cref="InvalidOperationException">A header has a character that would end its line.</exception>
    public int WriteHead(Span<byte> to, bool chunked, long? length)
    {
        Closes |= _reader.MayRunOver || string.Equals(ResponseHeaders["Connection"], "close", StringComparison.OrdinalIgnoreCase);
        HeadWriter head = new(to);
        head.Write("HTTP/1.1 ");
        head.Write(StatusCode.ToString(CultureInfo.InvariantCulture));
        head.Write(" ");
        head.Write(ReasonPhrases.GetReasonPhrase(StatusCode));
        head.Write("\r\n");
        foreach ((string name, StringValues values) in ResponseHeaders)
        {
            if (IsServers(name))
            {
                continue;
            }

            foreach (string? value in values)
            {
                head.WriteHeader(name, value ?? "");
            }
        }

        head.WriteHeader("Date", DateText.Now());
        if (Closes)
        {
            head.WriteHeader("Connection", "close");
        }

        if (chunked)
        {
            head.WriteHeader("Transfer-Encoding", "chunked");
        }
        else if (!IsBodiless)
        {
            head.WriteHeader("Content-Length", (length ?? 0).ToString(CultureInfo.InvariantCulture));
        }

        head.Write("\r\n");
        return head.Length;
    }

    /// <summary>Headers that are written by whoever frames the answer.</summary>
    private static bool IsServers(string name) => name.Length is 4 or 10 or 14 or 17 &&
        (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase) ||
         name.Equals("Connection", StringComparison.OrdinalIgnoreCase) || name.Equals("Date", StringComparison.OrdinalIgnoreCase));

    /// <summary>The request as the application takes it. What it sets there is this request's only.</summary>
    public FeatureCollection Features()
    {
        FeatureCollection features = new(_own);
        if (_head.Session.Length > 0)
        {
            RouteValues["id"] = _head.Session;
            features.Set<IRouteValuesFeature>(this);
        }

        return features;
    }

    public string Protocol { get; set; } = "";

    public string Scheme { get; set; } = "";

    public string Method { get; set; } = "";

    public string PathBase { get; set; } = "";

    public string Path { get; set; } = "";

    public string QueryString { get; set; } = "";

    string IHttpRequestFeature.RawTarget { get => _rawTarget ?? (_head.Path + _head.Query); set => _rawTarget = value; }

    IHeaderDictionary IHttpRequestFeature.Headers { get => _head.Headers; set => throw new NotSupportedException(); }

    Stream IHttpRequestFeature.Body { get => _requestBody ?? (_requestStream ??= _reader.AsStream(leaveOpen: true)); set => _requestBody = value; }

    PipeReader IRequestBodyPipeFeature.Reader => _reader;

    bool IHttpRequestBodyDetectionFeature.CanHaveBody => _head.BodyLength != 0;

    string? IHttpResponseFeature.ReasonPhrase { get; set; }

    IHeaderDictionary IHttpResponseFeature.Headers { get => ResponseHeaders; set => throw new NotSupportedException(); }

    Stream IHttpResponseFeature.Body { get => ((IHttpResponseBodyFeature)this).Stream; set => throw new NotSupportedException(); }

    bool IHttpResponseFeature.HasStarted => _writer.Started;

    Stream IHttpResponseBodyFeature.Stream => _responseStream ??= _writer.AsStream(leaveOpen: true);

    PipeWriter IHttpResponseBodyFeature.Writer => _writer;

    public IPAddress? RemoteIpAddress { get; set; }

    public IPAddress? LocalIpAddress { get; set; }

    public int RemotePort { get; set; }

    public int LocalPort { get; set; }

    public string ConnectionId { get; set; } = "";

    public RouteValueDictionary RouteValues { get; set; } = [];

    void IHttpResponseFeature.OnStarting(Func<object, Task> callback, object state) => (_starting ??= new()).Push((callback, state));

    void IHttpResponseFeature.OnCompleted(Func<object, Task> callback, object state) => (_completed ??= new()).Push((callback, state));

    void IHttpResponseBodyFeature.DisableBuffering()
    {
    }

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => _writer.FlushAsync(cancellationToken).AsTask();

    Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) => throw new NotSupportedException();


    void IHttpRequestLifetimeFeature.Abort() => _abort();

    bool IDirectFeature.IsLane => _lane is not null;

    void IDirectFeature.TakeNoMore()
    {
        _lane?.Multiplexer.Leave();
        Closes = true;
    }

    /// <summary>Text into bytes, one after the other.</summary>
    private ref struct HeadWriter(Span<byte> to)
    {
        private readonly Span<byte> _to = to;

        public int Length { get; private set; }

        public void Write(string text) => Length += Encoding.ASCII.GetBytes(text, _to[Length..]);

        public void WriteHeader(string name, string value)
        {
            if (value.AsSpan().ContainsAnyInRange('\0', '\x1f') || name.AsSpan().ContainsAnyInRange('\0', ' ') || name.Contains(':'))
            {
                throw new InvalidOperationException($"The header {name.ReplaceLineEndings(" ")} has a control character.");
            }

            Write(name);
            Write(": ");
            Write(value);
            Write("\r\n");
        }
    }
}
