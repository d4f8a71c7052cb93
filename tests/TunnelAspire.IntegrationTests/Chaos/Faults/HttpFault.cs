namespace TunnelAspire.IntegrationTests.Chaos.Faults;

/// <summary>What can befall an HTTP message, or the connection on which it travels.</summary>
internal enum HttpFault
{
    None,

    /// <summary>The request waits before it is handed on.</summary>
    DelayRequest,

    /// <summary>The answer waits before it is handed on.</summary>
    DelayAnswer,

    /// <summary>The request reaches the relays twice; one of its answers is lost.</summary>
    Duplicate,

    /// <summary>The request waits until a later one of its kind has passed it.</summary>
    Reorder,

    /// <summary>The connection breaks before the request has been handed on.</summary>
    LoseRequest,

    /// <summary>The connection breaks when the answer has come.</summary>
    LoseAnswer,

    /// <summary>The connection breaks in the midst of the request's body.</summary>
    CutRequest,

    /// <summary>The connection breaks in the midst of the answer's body.</summary>
    CutAnswer,

    /// <summary>The request's body is shortened, and its framing mended.</summary>
    ShortenRequest,

    /// <summary>The answer's body is shortened, and its framing mended.</summary>
    ShortenAnswer,

    /// <summary>Somebody else answers in place of the relays, who never get the request.</summary>
    ForeignAnswer,

    /// <summary>Somebody else's answer takes the place of the true one.</summary>
    ForeignAfter,

    /// <summary>An answer to an earlier request comes again.</summary>
    Cached,

    /// <summary>Interim answers come before the true one.</summary>
    Interim,

    /// <summary>Something that is no HTTP comes in place of an answer.</summary>
    Garbage,

    /// <summary>The request is taken, and nothing happens ever after.</summary>
    Swallow,

    /// <summary>The TCP connection breaks after so many bytes from the agent.</summary>
    CutConnectionUp,

    /// <summary>The TCP connection breaks after so many bytes to the agent.</summary>
    CutConnectionDown,
}
