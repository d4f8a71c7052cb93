using System.Diagnostics.CodeAnalysis;

namespace TunnelAspire.Protocol.Streaming;

/// <summary>
/// The alarms that are set, each in the slot of the time at which it is looked at. One timer runs for all of them, to the next slot
/// that holds any; without alarms it does not run. There are two wheels in a process: for what is due within half a second, in steps of
/// 2 ms, and for the rest in steps of 1/8 s: whatever is due within a step is looked at at once.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The two wheels live as long as the process.")]
internal sealed class AlarmWheel
{
    private const int Slots = 256;
    private const int SmallStep = 2;
    private const int LargeStep = 128;

    private static readonly Lock Guard = new(); // of both wheels, and of the links between alarms
    private static readonly AlarmWheel Soon = new(SmallStep);
    private static readonly AlarmWheel Later = new(LargeStep);

    private readonly int _step; // ms
    private readonly Alarm[] _slots = new Alarm[Slots];
    private readonly Timer _timer;
    private long _looked; // the last time, in steps, whose slot has been emptied
    private long _armed = Alarm.Never; // the time, in steps, at which the timer fires

    private AlarmWheel(int step)
    {
        _step = step;
        for (int i = 0; i < Slots; i++)
        {
            _slots[i] = new Ends();
        }

        using (ExecutionContext.SuppressFlow())
        {
            _timer = new Timer(static wheel => ((AlarmWheel)wheel!).Turn(), this, Timeout.Infinite, Timeout.Infinite);
        }
    }

    /// <summary>A slot's first and last neighbour.</summary>
    private sealed class Ends : Alarm
    {
        public Ends() => (Before, Behind) = (this, this);

        protected override void Ring()
        {
        }
    }

    /// <summary>Looks at the alarm when <paramref name="due"/> has come, or sooner if it must.</summary>
    public static void Set(Alarm alarm, long due)
    {
        lock (Guard)
        {
            if (alarm.Stopped || due >= alarm.LooksAt)
            {
                return;
            }

            Unlink_NeedsLock(alarm);
            long now = Environment.TickCount64;
            (due - now < (Slots - 1) * SmallStep ? Soon : Later).Add_NeedsLock(alarm, due, now);
        }
    }

    /// <summary>Forgets the alarm.</summary>
    public static void Remove(Alarm alarm)
    {
        lock (Guard)
        {
            Unlink_NeedsLock(alarm);
        }
    }

    private static void Unlink_NeedsLock(Alarm alarm)
    {
        if (alarm is { Before: { } before, Behind: { } behind })
        {
            (before.Behind, behind.Before) = (behind, before);
            (alarm.Before, alarm.Behind) = (null, null);
            alarm.LooksAt = Alarm.Never;
        }
    }

    private void Add_NeedsLock(Alarm alarm, long due, long now)
    {
        if (_armed == Alarm.Never)
        {
            _looked = Math.Max(_looked, (now / _step) - 1); // nothing is here
        }

        long step = Math.Clamp(due / _step + (due % _step == 0 ? 0 : 1), _looked + 1, _looked + Slots);
        Alarm end = _slots[step % Slots];
        (alarm.Before, alarm.Behind) = (end.Before, end);
        (end.Before!.Behind, end.Before) = (alarm, alarm);
        alarm.LooksAt = step * _step;
        if (step < _armed)
        {
            Arm_NeedsLock(step, now);
        }
    }

    private void Arm_NeedsLock(long step, long now)
    {
        _armed = step;
        _timer.Change(Math.Max(1, (step * _step) - now), Timeout.Infinite);
    }

    /// <summary>Looks at all whose time has come.</summary>
    private void Turn()
    {
        List<Alarm> reached = [];
        lock (Guard)
        {
            long now = Environment.TickCount64;
            long last = Math.Min(now / _step, _looked + Slots);
            while (_looked < last)
            {
                Empty_NeedsLock(_slots[++_looked % Slots], reached);
            }

            _looked = now / _step;
            _armed = Alarm.Never;
            for (long step = _looked + 1; step <= _looked + Slots && _armed == Alarm.Never; step++)
            {
                Alarm end = _slots[step % Slots];
                if (end.Behind != end)
                {
                    Arm_NeedsLock(step, now);
                }
            }
        }

        foreach (Alarm alarm in reached)
        {
            alarm.Look();
        }
    }

    private static void Empty_NeedsLock(Alarm end, List<Alarm> reached)
    {
        while (end.Behind != end)
        {
            reached.Add(end.Behind!);
            Unlink_NeedsLock(end.Behind!);
        }
    }
}
