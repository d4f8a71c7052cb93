using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using TunnelAspire.Connector;
using TunnelAspire.Connector.Policy;
using TunnelAspire.Http.Files;
using TunnelAspire.Http.Identity;
using TunnelAspire.Protocol.Wire;

namespace TunnelAspire.Node;

/// <summary><c>tunneld policy</c>: questions about a policy, answered without a server.</summary>
internal sealed class PolicyCommand : Command
{
    /// <summary>The command with its one question, <c>explain</c>.</summary>
    public PolicyCommand()
        : base("policy", "Questions about a policy") => Add(new ExplainCommand());

    /// <summary><c>tunneld policy explain CALLER TARGET</c>: exit code 0 where it is allowed, 1 where it is refused, 2 where the question is wrong.</summary>
    private sealed class ExplainCommand : Command
    {
        private readonly Argument<string> _caller = new("caller") { Description = "The caller's name; 'anonymous' where nobody asks for one" };
        private readonly Argument<string> _target = new("target") { Description = "host:port or unix:/path. A name is resolved, on this machine" };
        private readonly Option<string[]> _roles = new("--role") { Description = "A role that the caller has. May be repeated" };
        private readonly Option<string?> _policy = new("--policy") { Description = "The policy file. Default: that of the configuration" };
        private readonly Option<string[]> _allow = new("--allow") { Description = "Targets that everyone may reach, after the policy's rules. May be repeated" };
        private readonly Option<FileInfo?> _config = new("--config") { Description = "JSON file with the section \"Connector\"" };
        private readonly Option<bool> _json = new("--json") { Description = "One JSON document instead of text" };

        public ExplainCommand()
            : base("explain", "Says which rule decides, and on what terms")
        {
            Add(_caller);
            Add(_target);
            Add(_roles);
            Add(_policy);
            Add(_allow);
            Add(_config);
            Add(_json);
            SetAction(ExplainAsync);
        }

        private async Task<int> ExplainAsync(ParseResult arguments, CancellationToken cancellationToken)
        {
            try
            {
                using WatchedFiles files = new(TimeProvider.System, NullLogger<WatchedFiles>.Instance);
                AccessPolicy policy = new PolicySource(new OptionsWrapper<ConnectorOptions>(Configured(arguments)), files).Current;
                Caller caller = new(arguments.GetRequiredValue(_caller), arguments.GetValue(_roles) ?? []);
                Decision decision = await Decision.MakeAsync(policy, caller, Target(arguments), cancellationToken);
                Write(Explanation.Of(policy, caller, decision), arguments.GetValue(_json));
                return decision.Allowed ? 0 : 1;
            }
            catch (Exception e) when (e is FormatException or IOException or InvalidOperationException)
            {
                await Console.Error.WriteLineAsync($"tunneld: {e.Message.Split('\n')[0].TrimEnd()}");
                return 2;
            }
        }

        private static void Write(Explanation explanation, bool json) => Console.Out.WriteLine(
            json ? JsonSerializer.Serialize(explanation, ExplanationJson.Default.Explanation) : string.Join(Environment.NewLine, explanation.Lines()));

        private TargetAddress Target(ParseResult arguments)
        {
            string text = arguments.GetRequiredValue(_target);
            return TargetAddress.TryParse(text, out TargetAddress? target) ? target : throw new FormatException($"'{text}' is neither host:port nor unix:/path");
        }

        /// <summary>What a server that is started here would be configured with.</summary>
        private ConnectorOptions Configured(ParseResult arguments)
        {
            ConfigurationManager configuration = new();
            configuration.SetBasePath(Directory.GetCurrentDirectory()).AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables();
            if (arguments.GetValue(_config) is { } file)
            {
                configuration.AddJsonFile(file.FullName, optional: false);
            }

            ConnectorOptions options = configuration.GetSection(ConnectorOptions.Section).Get<ConnectorOptions>() ?? new ConnectorOptions();
            options.Policy = arguments.GetValue(_policy) ?? options.Policy;
            options.Allow = arguments.GetValue(_allow) is { Length: > 0 } allow ? allow : options.Allow;
            return options;
        }
    }
}
