using System.Text.Json;
using Microsoft.Extensions.Options;
using TunnelAspire.Http;

namespace TunnelAspire.Connector.Audit;

/// <summary>
/// Writes the trail's records to the log and to the file, beside whatever the connector does: what has come within a moment together,
/// since to wake somebody up for each costs more than to write it. A file that cannot be written is told once, and the records are in
/// the log; what is missing in the file is told when it can be written again.
/// </summary>
internal sealed partial class AuditService(AuditTrail trail, IOptions<AuditOptions> options, ConnectorMetrics metrics, TimeProvider time, ILogger<AuditService> logger)
    : StagedService, IDisposable
{
    private const int MostAtOnce = 500;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromSeconds(10);

    private readonly AuditFile? _file = options.Value.File.Length > 0 ? new AuditFile(options.Value.File, options.Value.MaxBytes, options.Value.Files) : null;
    private readonly CancellationTokenSource _ending = new();
    private Task _writing = Task.CompletedTask;
    private long? _warned;
    private long _dropped; // not yet told
    private long _missing; // in the file, not yet told there
    private bool _fails;

    /// <inheritdoc/>
    public override Task StartingAsync(CancellationToken cancellationToken)
    {
        Append([]); // a file that cannot be written is told now, not with the first session
        _writing = Task.Run(WriteAllAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Everything else has stopped: what waits is written.</summary>
    public override async Task StoppedAsync(CancellationToken cancellationToken)
    {
        trail.Complete();
        await _ending.CancelAsync();
        await _writing.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _ending.Dispose();

    private async Task WriteAllAsync()
    {
        List<AuditRecord> batch = [];
        while (await trail.Records.WaitToReadAsync())
        {
            await Task.Delay(Gathering, time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (TryTake(batch))
            {
                batch.ForEach(Log);
                CountDropped();
                Append(batch);
            }
        }

        CountDropped();
        WarnOfDropped();
        Append([]);
    }

    private bool TryTake(List<AuditRecord> batch)
    {
        batch.Clear();
        while (batch.Count < MostAtOnce && trail.Records.TryRead(out AuditRecord? record))
        {
            batch.Add(record);
        }

        return batch.Count > 0;
    }

    private void CountDropped()
    {
        long dropped = trail.TakeDropped();
        _dropped += dropped;
        _missing += _file is null ? 0 : dropped;
        if (_dropped > 0 && (_warned is not { } warned || time.GetElapsedTime(warned) > BetweenWarnings))
        {
            WarnOfDropped();
        }
    }

    private void WarnOfDropped()
    {
        if (_dropped > 0)
        {
            LogDropped(_dropped);
            (_dropped, _warned) = (0, time.GetTimestamp());
        }
    }

    /// <summary>Appends to the file, and first of all what is missing there; with nothing to append, tries whether it could be.</summary>
    private void Append(List<AuditRecord> records)
    {
        if (_file is null)
        {
            return;
        }

        long told = _missing;
        AuditRecord[] all = told > 0 ? [AuditRecord.Lost(time.GetUtcNow(), told), .. records] : [.. records];
        int written = _file.Append(Array.ConvertAll(all, Line), out Exception? failure);
        if (told > 0 && written > 0)
        {
            _missing = 0;
            written--;
        }

        if (failure is null)
        {
            Recover(told);
            return;
        }

        _missing += records.Count - written;
        metrics.AuditLost(records.Count - written);
        if (!_fails)
        {
            LogFileFails(options.Value.File, failure.Message);
            _fails = true;
        }
    }

    private void Recover(long missing)
    {
        if (_fails)
        {
            LogFileBack(options.Value.File, missing);
            _fails = false;
        }
    }

    private static byte[] Line(AuditRecord record) => [.. JsonSerializer.SerializeToUtf8Bytes(record, AuditJson.Default.AuditRecord), (byte)'\n'];

    private void Log(AuditRecord record)
    {
        switch (record)
        {
            case { Event: "end" }:
                LogEnded(trail.Log, record.Session, record.Caller, record.Agent, record.Target, record.Address, record.Connector, record.Rule, record.Reason, record.BytesUp, record.BytesDown, record.Seconds);
                break;
            case { Event: "refused" }:
                break; // whoever has refused it has logged it
            case { Error: not null }:
                LogNotOpened(trail.Log, record.Session, record.Caller, record.Agent, record.Target, record.Connector, record.Relay, record.Decision, record.Rule ?? "none", record.Error, record.Detail);
                break;
            default:
                LogOpened(trail.Log, record.Session, record.Caller, record.Agent, record.Target, record.Address, record.Connector, record.Relay, record.Rule);
                break;
        }
    }
}
