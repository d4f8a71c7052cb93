#!/usr/bin/env bash
# The long chaos run: everything that can fail fails at random moments, under a load whose every byte is checked; then relays killed
# every two seconds, all relays replaced, and Redis away for two minutes. Needs root (network namespaces) and what eng/test.sh installs.
#   eng/chaos.sh [--minutes 15] [--seed N]
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=15
while (($#)); do
    case $1 in
        --minutes) minutes=${2:?--minutes needs a number}; shift 2 ;;
        --seed) export CHAOS_SEED=${2:?--seed needs a number}; shift 2 ;;
        *) echo "usage: eng/chaos.sh [--minutes 15] [--seed N]" >&2; exit 2 ;;
    esac
done
[[ $minutes =~ ^[0-9]+$ ]] || { echo "eng/chaos.sh: --minutes takes a whole number, not '$minutes'" >&2; exit 2; }

dotnet build tests/TunnelAspire.IntegrationTests -c Release -p:AppHostEngine=Embedded -nodeReuse:false -v quiet -clp:NoSummary
export CHAOS_SECONDS=$((minutes * 60)) CHAOS_KILL_SECONDS=60 CHAOS_REDIS_SECONDS=120
exec tests/TunnelAspire.IntegrationTests/bin/Release/net10.0/TunnelAspire.IntegrationTests -noColor -trait Category=Chaos
