namespace TunnelAspire.Agent.Doctor;

/// <summary>Failures of the first exchange, in words.</summary>
internal static class Failures
{
    /// <summary>What to say of a request that brought no answer.</summary>
    public static DoctorException Lost(HttpRequestException failure)
    {
        string why = failure.GetBaseException().Message;
        switch (failure.HttpRequestError)
        {
            case HttpRequestError.ProxyTunnelError when failure.Message.Contains("407", StringComparison.Ordinal):
                (string reason, string advice) = ForeignAnswer.ProxyWantsName("");
                return new DoctorException(reason, advice, failure);
            case HttpRequestError.ProxyTunnelError:
                return new DoctorException($"the forward proxy refuses: {failure.Message}", "Ask who runs it to allow CONNECT to that host and port.", failure);
            case HttpRequestError.SecureConnectionError:
                return new DoctorException($"no TLS: {why}", "Check that the port speaks https: a port that speaks plain HTTP wants an http:// URL.", failure);
            case HttpRequestError.InvalidResponse:
                return new DoctorException($"what answers does not speak HTTP: {why}", "Check the port: another service listens there, or it wants https://.", failure);
            default:
                return new DoctorException(
                    $"the connection stood, but broke before an answer came: {why}", "Check the port and the scheme (http or https); a filter may cut what it does not know.", failure);
        }
    }
}
