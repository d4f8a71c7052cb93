using System.Runtime.InteropServices;

namespace TunnelAspire.Benchmarks.Load;

/// <summary>One connection at the target, on the target's thread.</summary>
/// <param name="socket">The connection's descriptor, non-blocking; the target closes it.</param>
/// <param name="verdicts">What is told about ended streams.</param>
internal sealed class TargetConnection(int socket, Verdicts verdicts)
{
    private readonly Outgoing _outgoing = new(socket);
    private readonly byte[] _opening = new byte[Opening.Most];
    private int _openingLength;
    private Opening? _opened;
    private long _taken;
    private long _right;
    private bool _verdictGiven;
    private bool _clientEnded;
    private bool _finish;
    private bool _finished;

    /// <summary>Nothing is left to do: the target lets go of it.</summary>
    public bool Over { get; private set; }

    /// <summary>What it waits for. An echo that cannot be sent waits for the client to read.</summary>
    public Readiness Interest =>
        (_clientEnded || EchoWaits ? Readiness.None : Readiness.Readable) |
        (_outgoing.ReplyLeft || _outgoing.PatternLeft ? Readiness.Writable : Readiness.None);

    private bool Echoes => _opened is { Request: Request.Echo };

    private bool EchoWaits => Echoes && _outgoing.ReplyLeft;

    /// <summary>How many bytes were right, or -1 where not all were.</summary>
    private long Verdict => _right == _taken ? _right : -1;

    /// <summary>Takes what is there, sends what can be sent.</summary>
    /// <param name="readiness">Why it is asked.</param>
    /// <param name="scratch">Room for what comes.</param>
    public void Advance(Readiness readiness, byte[] scratch)
    {
        bool hungUp = (readiness & (Readiness.Error | Readiness.HangUp)) != 0;
        if (!_clientEnded && (hungUp || (readiness & Readiness.Readable) != 0) && !EchoWaits)
        {
            Take(scratch);
        }
        else if (hungUp)
        {
            Over = true;
        }

        Send();
        Over |= _finished && _clientEnded;
    }

    private void Take(byte[] scratch)
    {
        nint count = LibC.Receive(socket, scratch, scratch.Length, 0);
        if (count < 0)
        {
            Over = Marshal.GetLastPInvokeError() != LibC.TryAgain;
        }
        else if (count == 0)
        {
            _clientEnded = true;
            End();
        }
        else
        {
            Apply(scratch.AsSpan(0, (int)count));
        }
    }

    private void Apply(ReadOnlySpan<byte> bytes)
    {
        while (_opened is null && bytes.Length > 0)
        {
            _opening[_openingLength++] = bytes[0];
            bytes = bytes[1..];
            if (_openingLength == Opening.Length(_opening[0]))
            {
                Open(Opening.Parse(_opening.AsSpan(0, _openingLength)));
            }
        }

        if (bytes.Length == 0)
        {
            return;
        }

        if (Echoes)
        {
            _outgoing.Echo(bytes);
            return;
        }

        _right += _right == _taken && Pattern.Fits(bytes, _taken) ? bytes.Length : 0;
        _taken += bytes.Length;
    }

    private void Open(Opening opening)
    {
        _opened = opening;
        _outgoing.Total = opening.Request == Request.Transfer ? opening.Second : 0;
        _finish = opening.Request == Request.EndFirst;
        if (opening.Request == Request.Recall)
        {
            verdicts.Ask(opening.First, Tell);
        }
    }

    /// <summary>The client sends no more.</summary>
    private void End()
    {
        switch (_opened?.Request)
        {
            case Request.Count:
                _outgoing.Reply(Verdict);
                break;
            case Request.EndFirst:
                verdicts.Tell(_opened.Value.First, Verdict);
                break;
            case Request.Transfer when _outgoing.PatternLeft || _taken < _opened.Value.First:
                Over = true; // it has left before the end
                break;
        }

        _finish = true;
    }

    private void Send()
    {
        Over |= !_outgoing.Send();
        if (!_verdictGiven && _opened is { Request: Request.Transfer } transfer && !_outgoing.PatternLeft && _taken >= transfer.First)
        {
            _verdictGiven = true;
            _outgoing.Reply(Verdict);
            Over |= !_outgoing.Send();
        }

        if (_finish && !_finished && !_outgoing.ReplyLeft && !_outgoing.PatternLeft)
        {
            _finished = true;
            _ = LibC.Shutdown(socket, LibC.ShutdownWrite);
        }
    }

    /// <summary>Another connection has brought the answer to this one's question. It may have gone meanwhile.</summary>
    private void Tell(long right)
    {
        if (!Over)
        {
            _outgoing.Reply(right);
            Send();
        }
    }
}
