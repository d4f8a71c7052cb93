using System.Runtime.InteropServices;

namespace TunnelAspire.RedisStore;

/// <summary>Ctrl+C and SIGTERM as a task, so that the store closes its sockets and exits with 0.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignal() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
    ];

    public Task Requested => _requested.Task;

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true; // Main ends the process, after the server is closed.
        _requested.TrySetResult();
    }
}
