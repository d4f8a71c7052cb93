using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using TunnelAspire.Agent;
using TunnelAspire.Connector;
using TunnelAspire.Relay;
using TunnelAspire.Routing;

namespace TunnelAspire.Tests.Harness;

/// <summary>A range's limits are converted at its first use, which is not safe for several at once: tests that start hosts at the same time would meet there.</summary>
internal static class OptionsWarmUp
{
    [ModuleInitializer]
    internal static void Validate()
    {
        foreach (object options in new object[] { new AgentOptions(), new ConnectorOptions(), new RelayOptions(), new RoutingOptions() })
        {
            Validator.TryValidateObject(options, new ValidationContext(options), [], validateAllProperties: true);
        }
    }
}
