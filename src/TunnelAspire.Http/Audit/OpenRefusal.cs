using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Http.Audit;

/// <summary>An open that was refused before a connector's policy was asked.</summary>
/// <param name="Caller">Who asked; <c>anonymous</c> where that is not known.</param>
/// <param name="Agent">The address that it came from; null where many did.</param>
/// <param name="Target">What was asked for, as far as it can be printed; null where nothing was, or many things were.</param>
/// <param name="Error">Why.</param>
/// <param name="Detail">What was wrong.</param>
/// <param name="Times">How many opens this stands for.</param>
public sealed record OpenRefusal(string Caller, string? Agent, string? Target, TunnelError Error, string Detail, long Times);
