using System.Threading.Channels;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector.Sessions;
using TunnelAspire.Http.Audit;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Connector.Audit;

/// <summary>Takes the records of sessions. Never waits: what comes faster than it can be written is dropped and counted.</summary>
public sealed class AuditTrail
{
    /// <summary>Category of the records in the log.</summary>
    public const string Category = OpenRefusals.Category;

    private const int MostWaiting = 10_000;

    private readonly Channel<AuditRecord> _records = Channel.CreateBounded<AuditRecord>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly ConnectorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly OpenRefusals _refusals;
    private readonly string _connector;
    private readonly bool _toFile;
    private long _dropped;

    /// <summary>A trail that <see cref="AuditService"/> empties.</summary>
    public AuditTrail(IOptions<AuditOptions> audit, IOptions<ConnectorOptions> connector, ConnectorMetrics metrics, TimeProvider time, OpenRefusals refusals, ILoggerFactory loggers)
    {
        (_metrics, _time, _refusals, _connector) = (metrics, time, refusals, connector.Value.Name);
        _toFile = audit.Value.File.Length > 0;
        Log = loggers.CreateLogger(Category);
        if (_toFile)
        {
            refusals.Told += refusal => Add(AuditRecord.Refused(time.GetUtcNow(), refusal, _connector));
        }
    }

    /// <summary>Where records are logged.</summary>
    internal ILogger Log { get; }

    /// <summary>The records that wait to be written.</summary>
    internal ChannelReader<AuditRecord> Records => _records.Reader;

    private bool Wanted => _toFile || Log.IsEnabled(LogLevel.Information);

    /// <summary>A session is open.</summary>
    public void Opened(TargetSession session)
    {
        if (Wanted)
        {
            Add(AuditRecord.Opened(_time.GetUtcNow(), session, _connector));
        }
    }

    /// <summary>An open has failed.</summary>
    public void NotOpened(Opening opening, Exception failure)
    {
        (failure as TunnelException)?.IsRecorded = true;
        if (Wanted)
        {
            (TunnelError error, string detail) = failure is TunnelException refusal ? (refusal.Error, refusal.Message) : (TunnelError.Internal, failure.GetType().Name);
            Add(AuditRecord.NotOpened(_time.GetUtcNow(), opening, error, detail, _connector));
        }
    }

    /// <summary>A session has ended.</summary>
    public void Ended(TargetSession session, SessionEndReason reason)
    {
        if (Wanted)
        {
            Add(AuditRecord.Ended(_time.GetUtcNow(), session, reason, _connector));
        }
    }

    /// <summary>No more records will come.</summary>
    internal void Complete()
    {
        _refusals.EndPeriod();
        _records.Writer.TryComplete();
    }

    /// <summary>How many have been dropped since the last call.</summary>
    internal long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    private void Add(AuditRecord record)
    {
        if (!_records.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref _dropped);
            _metrics.AuditLost(1);
        }
    }
}
