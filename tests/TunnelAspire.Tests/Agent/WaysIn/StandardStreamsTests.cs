using System.IO.Pipelines;
using System.Text;
using TunnelAspire.Agent.WaysIn;
using TunnelAspire.Tests.Harness;

namespace TunnelAspire.Tests.Agent.WaysIn;

public sealed class StandardStreamsTests : IDisposable
{
    private readonly Pipe _input = new();
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: 4, resumeWriterThreshold: 1));
    private readonly StandardStreams _streams;

    public StandardStreamsTests() => _streams = new StandardStreams(_input.Reader.AsStream(), _output.Writer.AsStream());

    public void Dispose()
    {
        _input.Writer.Complete();
        _output.Reader.Complete();
        _streams.Dispose();
    }

    [Fact]
    public async Task Read_WaitsForBytes_AndKeepsWhatDoesNotFit()
    {
        Task waiting = _streams.WaitAsync(CancellationToken.None).AsTask();
        Assert.Equal(0, _streams.Available);
        await _input.Writer.WriteAsync("hello"u8.ToArray());
        await waiting.Soon();

        Assert.Equal(5, _streams.Available);
        Assert.Equal("hel", await ReadAsync(3));
        Assert.Equal(2, _streams.Available);
        await _streams.WaitAsync(CancellationToken.None).Soon();
        Assert.Equal("lo", await ReadAsync(3));
    }

    [Fact]
    public async Task Read_AtTheEndOfTheInput_SaysSoEachTime()
    {
        await _input.Writer.CompleteAsync();
        await _streams.WaitAsync(CancellationToken.None).Soon();

        Assert.Equal("", await ReadAsync(3));
        Assert.Equal("", await ReadAsync(3));
    }

    [Fact]
    public async Task Wait_Cancelled_LosesNothing()
    {
        using CancellationTokenSource over = new();
        Task waiting = _streams.WaitAsync(over.Token).AsTask();
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Soon());
        await _input.Writer.WriteAsync("hello"u8.ToArray());

        Assert.Equal("hello", await ReadAsync(9));
    }

    [Fact]
    public async Task Reset_ReleasesWhoReadsAndWhoWrites()
    {
        Task reading = _streams.WaitAsync(CancellationToken.None).AsTask();
        Task writing = _streams.WriteAsync(new byte[100]).AsTask(); // nobody reads it
        _streams.Reset();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.Soon());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.Soon());
    }

    [Fact]
    public async Task Finish_EndsTheOutput_AndLeavesTheInput()
    {
        Task<int> writing = _streams.WriteAsync("hello"u8.ToArray()).AsTask();
        using StreamReader reader = new(_output.Reader.AsStream());
        char[] read = new char[5];
        Assert.Equal(5, await reader.ReadBlockAsync(read, CancellationToken.None).Soon());
        Assert.Equal(5, await writing.Soon());
        _streams.Finish();
        Assert.Equal("", await reader.ReadToEndAsync().Soon());

        await _input.Writer.WriteAsync("on"u8.ToArray());
        Assert.Equal("on", await ReadAsync(9));
    }

    private async Task<string> ReadAsync(int atMost)
    {
        byte[] bytes = new byte[atMost];
        return Encoding.ASCII.GetString(bytes, 0, await _streams.ReadAsync(bytes, CancellationToken.None).Soon());
    }
}
