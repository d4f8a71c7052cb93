using TunnelAspire.IntegrationTests.Harness;

namespace TunnelAspire.Benchmarks.Contestants;

/// <summary><c>ssh -L</c> to an sshd of its own, with keys made for the run; ciphers as the two agree by default.</summary>
internal sealed class SshForward() : Contestant(OneKey, "ssh -L")
{
    public const string OneKey = "ssh";

    private const string PrivilegeSeparation = "/run/sshd";

    public override async Task StartAsync(int target, CancellationToken cancellationToken)
    {
        foreach (string key in new[] { "host", "user" })
        {
            await ChildProcess.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", Scratch.File(key));
        }

        if (Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory(PrivilegeSeparation);
        }

        int server = Loopback.FreePort();
        string file = Scratch.Write("sshd_config", $"""
            ListenAddress 127.0.0.1:{server}
            HostKey {Scratch.File("host")}
            AuthorizedKeysFile {Scratch.File("user.pub")}
            PidFile none
            PermitRootLogin yes
            StrictModes no
            UsePAM no

            """);
        await StartListeningAsync("sshd", server, "sshd", "-D", "-e", "-f", file);
        Port = Loopback.FreePort();
        await StartListeningAsync(
            "ssh", Port, "ssh", "-N", "-L", $"127.0.0.1:{Port}:127.0.0.1:{target}", "-p", $"{server}", "-i", Scratch.File("user"), "-F", "none", "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ExitOnForwardFailure=yes", "127.0.0.1");
    }
}
