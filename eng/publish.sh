#!/usr/bin/env bash
# Makes what is installed on a Linux machine without .NET, by default in artifacts/linux-x64:
#   eng/publish.sh [runtime identifier] [folder]
# bin/ has the programs, each one native file; the rest is manual pages, completions and service units. Installed with
#   sudo cp -r artifacts/linux-x64/* /usr/local/
# Needs the .NET 10 SDK, clang and zlib's headers (Debian: clang zlib1g-dev), on a machine like the one that it is for.
set -euo pipefail
cd "$(dirname "$0")/.."
rid=${1:-linux-x64}
out=${2:-artifacts/$rid}
work=artifacts/build/$rid # what has not changed is not compiled again

for program in Agent:tunnel Node:tunneld Relay:tunnel-relay Connector:tunnel-connector; do
    dotnet publish "src/TunnelAspire.${program%:*}" -c Release -r "$rid" --artifacts-path "$work" -o "$work/published/${program#*:}" -nodeReuse:false -v quiet -clp:NoSummary
    built=$(find "$work/published/${program#*:}" -maxdepth 1 -type f -perm -u+x)
    install -D "$built" "$out/bin/${program#*:}"
done

install -D -m 644 docs/man/tunnel.1 "$out/share/man/man1/tunnel.1"
install -D -m 644 docs/man/tunneld.8 "$out/share/man/man8/tunneld.8"
for program in tunnel tunneld; do
    install -d "$out/share/bash-completion/completions" "$out/share/zsh/site-functions"
    "$out/bin/$program" completion bash >"$out/share/bash-completion/completions/$program"
    "$out/bin/$program" completion zsh >"$out/share/zsh/site-functions/_$program"
done
for unit in deploy/systemd/*.service; do
    install -D -m 644 "$unit" "$out/lib/systemd/system/${unit##*/}"
done
du -h "$out"/bin/*
