#!/usr/bin/env bash
# Compares the tunnel with others on this machine: installs the programs that take part, compiles the tunnel's to native code as they
# are installed (eng/publish.sh), builds the benchmarks, runs. All arguments are the benchmarks' own; without any: compare.
# Example: eng/bench.sh compare --rounds 3 --only ssh,node-stream --out /tmp/table.md
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(clang haproxy httptunnel openssh-client openssh-server redis-server v2ray websockify zlib1g-dev)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done

if ((${#missing[@]})); then
    echo "Installing ${missing[*]}" >&2
    as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || { echo "eng/bench.sh: not root, and no sudo: install ${missing[*]} first" >&2; exit 1; }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

rid=linux-$(dpkg --print-architecture | sed s/amd64/x64/)
eng/publish.sh "$rid" >&2
export TUNNELASPIRE_PROGRAMS=artifacts/$rid/bin
dotnet build tests/TunnelAspire.Benchmarks -c Release -nodeReuse:false -v quiet -clp:NoSummary >&2
exec tests/TunnelAspire.Benchmarks/bin/Release/net10.0/TunnelAspire.Benchmarks "${@:-compare}"
