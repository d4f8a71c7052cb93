#!/usr/bin/env bash
# Processor time of an agent with many idle sessions, with the live view and without it. Needs tmux, and both programs built in Release.
# Usage: eng/live-view.sh [sessions] [seconds]
set -euo pipefail
cd "$(dirname "$0")/.."
sessions=${1:-500} seconds=${2:-25}
scratch=$(mktemp -d)
trap 'tmux -S "$scratch/tmux" kill-server 2>/dev/null || true; kill $(jobs -p) 2>/dev/null || true; rm -r "$scratch"' EXIT

python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(4096)
print(s.getsockname()[1], flush=True)
held = []
while True: held.append(s.accept()[0])' >"$scratch/target" &
src/TunnelAspire.Node/bin/Release/net10.0/tunneld --urls http://127.0.0.1:0 --allow '127.0.0.1:*' >"$scratch/node" 2>&1 &
until grep -q 'Application started' "$scratch/node" && [ -s "$scratch/target" ]; do sleep 0.1; done
url=$(grep -o 'http://127.0.0.1:[0-9]*' "$scratch/node" | head -1)

for view in '' '--log text'; do
    tmux -S "$scratch/tmux" -f /dev/null new-session -d -x 160 -y 50 \
        "src/TunnelAspire.Agent/bin/Release/net10.0/tunnel connect $url --control '$scratch/control' -L 127.0.0.1:0:127.0.0.1:$(cat "$scratch/target") $view"
    until [ -S "$scratch/control" ]; do sleep 0.1; done
    status() { src/TunnelAspire.Agent/bin/Release/net10.0/tunnel status --json --control "$scratch/control"; }
    port=$(status | sed -n 's/.*"listen": "127.0.0.1:\([0-9]*\)".*/\1/p')
    pid=$(status | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
    held=()
    for ((i = 0; i < sessions; i++)); do exec {socket}<>"/dev/tcp/127.0.0.1/$port"; held+=("$socket"); done
    sleep 8
    before=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
    sleep "$seconds"
    after=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
    awk -v n="$sessions" -v t="$((after - before))" -v s="$seconds" -v hz="$(getconf CLK_TCK)" -v how="${view:-live view}" \
        'BEGIN { printf "%s: %d sessions, %.2f %% of a core\n", how, n, 100 * t / hz / s }'
    for socket in "${held[@]}"; do exec {socket}>&-; done
    tmux -S "$scratch/tmux" kill-server
    rm -f "$scratch/control"
    sleep 1
done
