using System.CommandLine;

namespace TunnelAspire.CommandLine;

/// <summary><c>completion</c>: prints what makes a shell complete the program's command line. The shell then asks the program itself, see <see cref="CompleteCommand"/>.</summary>
internal sealed class CompletionCommand : Command, IExplained
{
    private readonly string _program;
    private readonly Argument<string> _shell = new("shell") { Description = "bash, zsh or pwsh" };

    /// <summary>The command, for a program of that name.</summary>
    public CompletionCommand(string program)
        : base("completion", "Print a script that makes a shell complete the command line")
    {
        _program = program;
        _shell.AcceptOnlyFromAmong("bash", "zsh", "pwsh");
        Add(_shell);
        SetAction(arguments => arguments.InvocationConfiguration.Output.Write(Script(arguments.GetRequiredValue(_shell))));
    }

    /// <inheritdoc/>
    public IReadOnlyList<Example> Examples =>
    [
        new($"source <({_program} completion bash)", "for this bash; the same line in ~/.bashrc for all"),
        new($"{_program} completion zsh > ~/.zfunc/_{_program}", "for zsh, where fpath has ~/.zfunc, before compinit"),
        new($"{_program} completion pwsh | Out-String | Invoke-Expression", "for PowerShell, in $PROFILE"),
    ];

    private string Script(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        _ => PowerShell,
    };

    /// <summary>Where the program has nothing to say, bash completes names of files.</summary>
    private string Bash => $$"""
        # bash completion for {{_program}}
        _{{_program}}() {
            local line=${COMP_LINE:0:COMP_POINT} word
            line=${line#"${COMP_WORDS[0]}"}
            COMPREPLY=()
            while IFS=$'\t' read -r word _; do
                COMPREPLY+=("$word")
            done < <("${1/#\~/$HOME}" complete -- "$line" 2>/dev/null)
        }
        complete -o bashdefault -o default -F _{{_program}} {{_program}}

        """;

    private string Zsh => $$"""
        #compdef {{_program}}
        _{{_program}}() {
            local -a found
            local line
            while IFS= read -r line; do
                found+=("${line/$'\t'/:}")
            done < <("${words[1]/#\~/$HOME}" complete -- "${(j: :)words[2,CURRENT]}" 2>/dev/null)
            if (( $#found )); then
                _describe -V '{{_program}}' found
            else
                _files
            fi
        }
        if [[ $funcstack[1] == _{{_program}} ]]; then
            _{{_program}} "$@"
        else
            compdef _{{_program}} {{_program}}
        fi

        """;

    private string PowerShell => $$"""
        # PowerShell completion for {{_program}}
        Register-ArgumentCompleter -Native -CommandName {{_program}} -ScriptBlock {
            param($word, $command, $cursor)
            $program = $command.CommandElements[0].Extent
            $typed = $command.Extent.Text.PadRight($cursor - $command.Extent.StartOffset)
            $line = $typed.Substring($program.EndOffset - $command.Extent.StartOffset, $cursor - $program.EndOffset)
            & $command.GetCommandName() complete -- $line 2>$null | ForEach-Object {
                $name, $meaning = $_ -split "`t", 2
                [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $(if ($meaning) { $meaning } else { $name }))
            }
        }

        """;
}
