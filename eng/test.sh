#!/usr/bin/env bash
# Passes the tests on a fresh Debian machine with the .NET 10 SDK: installs the programs that they use, builds the solution
# with warnings as errors, runs every test. The last line is the totals.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(apache2 apache2-utils chromium clang curl git haproxy iperf3 iproute2 man-db mandoc nginx openssh-client openssh-server openssl postgresql postgresql-client privoxy redis-server redis-tools squid systemd tinyproxy tmux util-linux varnish zlib1g-dev zsh)

command -v kubectl >/dev/null || packages+=(kubernetes-client) # others than Debian's will do

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done

if ((${#missing[@]})); then
    echo "Installing ${missing[*]}"
    as_root=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || { echo "eng/test.sh: not root, and no sudo: install ${missing[*]} first" >&2; exit 1; }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

dotnet build TunnelAspire.sln -c Release -p:AppHostEngine=Embedded -nodeReuse:false -v quiet -clp:NoSummary

passed=0
failed=0
for project in TunnelAspire.Tests TunnelAspire.IntegrationTests; do
    log=$(mktemp)
    "tests/$project/bin/Release/net10.0/$project" -noColor 2>&1 | tee "$log" || true
    # The runner's summary: Total: 10, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0. Whatever did not pass counts as failed;
    # so does a runner that broke off.
    summary=$(grep -o 'Total: [0-9]*, Errors: [0-9]*, Failed: [0-9]*, Skipped: [0-9]*, Not Run: [0-9]*' "$log" || echo 'Total: 1, Errors: 1, Failed: 0, Skipped: 0, Not Run: 0')
    rm -f "$log"
    read -r total bad <<<"$(awk -F'[:,]' '{ print $2 + 0, $4 + $6 + $8 + $10 }' <<<"$summary")"
    passed=$((passed + (total > bad ? total - bad : 0)))
    failed=$((failed + bad))
done

echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
