using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TunnelAspire.Http.Files;

namespace TunnelAspire.Http.Identity;

/// <summary>Puts the question who asks into a host.</summary>
public static partial class IdentityServices
{
    private const string Nobody =
        "nothing says who may open sessions: configure tokens (Identity:TokensFile), JWT (Identity:Jwt) or client certificates (Tls:ClientCa), or let everyone in with Identity:Open=true (tunneld: --open)";

    /// <summary>Registers what section <c>Identity</c> says.</summary>
    public static IHostApplicationBuilder AddCallers(this IHostApplicationBuilder builder)
    {
        builder.Services.AddWatchedFiles();
        builder.Services.AddOptions<IdentityOptions>()
            .BindConfiguration(IdentityOptions.Section)
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<IdentityOptions>, IdentityValidation>();
        builder.Services.AddSingleton<KnownTokens>();
        builder.Services.AddSingleton<Callers>();
        builder.Services.AddSingleton<IPostConfigureOptions<JwtBearerOptions>, JwtBearerSetup>();
        builder.Logging.AddFilter(typeof(StaticTokenHandler).FullName, LogLevel.Warning); // each stranger would have a line at Information
        builder.Logging.AddFilter(typeof(CertificateHandler).FullName, LogLevel.Warning);
        builder.Services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, StaticTokenHandler>(StaticTokenHandler.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, CertificateHandler>(CertificateHandler.SchemeName, null)
            .AddJwtBearer();
        builder.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<IdentityOptions>>((options, identity) => JwtBearerSetup.UseMetadata(options, identity.Value.Jwt))
            .PostConfigure(JwtBearerSetup.ForgetFormerKeys);
        return builder;
    }

    /// <summary>While nothing says who may open sessions, the service listens for this machine only; either way the log says it.</summary>
    public static IHostApplicationBuilder ConfineWithoutIdentity(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(new ListenRule(services =>
            services.GetRequiredService<Callers>() is { Known: false } && !services.GetRequiredService<IOptions<IdentityOptions>>().Value.Open ? Nobody : null));
        builder.Services.AddHostedService<IdentityNotice>();
        return builder;
    }

    private sealed class IdentityValidation : IValidateOptions<IdentityOptions>
    {
        public ValidateOptionsResult Validate(string? name, IdentityOptions options) =>
            options.Jwt.Fault is { } fault ? ValidateOptionsResult.Fail(fault) : ValidateOptionsResult.Success;
    }

    /// <summary>Reads what identities come from, so that what is wrong there stops the start; says it where anybody is let in.</summary>
    private sealed partial class IdentityNotice(IServiceProvider services, IOptions<IdentityOptions> options, IHostApplicationLifetime lifetime, ILogger<Callers> logger)
        : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = services.GetRequiredService<KnownTokens>();
            if (options.Value.Jwt.IsSet)
            {
                _ = services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>().Get(JwtBearerDefaults.AuthenticationScheme);
            }

            lifetime.ApplicationStarted.Register(Tell);
            return Task.CompletedTask;
        }

        private void Tell()
        {
            if (options.Value.Open)
            {
                LogOpen();
            }
            else if (!services.GetRequiredService<Callers>().Known)
            {
                LogThisMachine();
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        [LoggerMessage(2920, LogLevel.Warning, "Open to everyone: whoever reaches this service may open sessions (Identity:Open)")]
        private partial void LogOpen();

        [LoggerMessage(2921, LogLevel.Information, "Nothing says who may open sessions: everyone on this machine may, and nobody else")]
        private partial void LogThisMachine();
    }
}
