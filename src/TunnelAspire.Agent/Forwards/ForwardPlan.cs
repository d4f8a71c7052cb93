using System.Net;
using TunnelAspire.Agent.Settings;
using TunnelAspire.Agent.WaysIn;

namespace TunnelAspire.Agent.Forwards;

/// <summary>A way in as the settings ask for it: where to listen, and how its connections say where they lead.</summary>
/// <param name="Name">Its name in the settings; empty where it has none.</param>
/// <param name="Key">What makes it the same one after the settings have changed: where it listens.</param>
/// <param name="Listen">Where to listen.</param>
/// <param name="Way">How its connections say where they lead.</param>
internal sealed record ForwardPlan(string Name, string Key, EndPoint Listen, IWayIn Way)
{
    /// <summary>All ways in that the options name: the forwards, in order, then the proxy ports.</summary>
    /// <exception cref="SettingException">One of them is none, or two are the same.</exception>
    public static IReadOnlyList<ForwardPlan> Of(AgentOptions options, TimeProvider time)
    {
        Dictionary<string, ForwardPlan> plans = [];
        foreach ((string name, string text) in options.Forwards)
        {
            string key = $"{AgentOptions.Section}:{nameof(AgentOptions.Forwards)}:{name}";
            ForwardSpec spec = Parsed(key, text, ForwardSpec.Parse);
            Add(plans, key, text, new ForwardPlan(name.All(char.IsAsciiDigit) ? "" : name, Identity(spec.Listen, key), spec.Listen, new DirectWayIn(spec.Target)));
        }

        ProxyWayIn proxy = new(options.Socks, time);
        for (int i = 0; i < options.Socks.Listen.Count; i++)
        {
            string key = $"{AgentOptions.Section}:{nameof(AgentOptions.Socks)}:{nameof(SocksOptions.Listen)}:{i}";
            IPEndPoint listen = Parsed(key, options.Socks.Listen[i], ListenAddress.Parse);
            Add(plans, key, options.Socks.Listen[i], new ForwardPlan("", Identity(listen, key), listen, proxy));
        }

        return [.. plans.Values];
    }

    /// <summary>What it does, in a few words, where it listens on <paramref name="listen"/>.</summary>
    public string Describe(EndPoint listen) => Way is DirectWayIn direct ? $"forwarding {listen} to {direct.Target}" : $"SOCKS and HTTP proxy on {listen}";

    private static T Parsed<T>(string key, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException e)
        {
            throw new SettingException(key, e.Message);
        }
    }

    private static void Add(Dictionary<string, ForwardPlan> plans, string key, string text, ForwardPlan plan)
    {
        if (!plans.TryAdd(plan.Key, plan))
        {
            throw new SettingException(key, $"'{text}': {plan.Listen} is listened on twice");
        }
    }

    /// <summary>Ports of the system's choice are told apart by their setting.</summary>
    private static string Identity(EndPoint listen, string key) => listen is IPEndPoint { Port: 0 } ? $"{listen} {key}" : listen.ToString()!;
}
