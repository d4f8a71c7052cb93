#!/usr/bin/env bash
# Fuzzes one parser, or each in turn, guided by coverage: eng/fuzz.sh SECONDS [PARSER]. Needs afl++ (Debian: apt-get install afl++).
# What fails lies in fuzz/PARSER/findings/default/crashes; 'try' plays it again.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?"usage: eng/fuzz.sh SECONDS [PARSER]"}
command -v afl-fuzz >/dev/null || { echo "eng/fuzz.sh: afl-fuzz is not installed; Debian: apt-get install afl++" >&2; exit 1; }

work=$PWD/fuzz
tools=$work/tools
program=$work/program
mkdir -p "$work"
[[ -x $tools/sharpfuzz ]] || dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path "$tools"
rm -rf "$program"
dotnet publish tests/TunnelAspire.Fuzz -c Release -o "$program" -v quiet -nodeReuse:false
for assembly in TunnelAspire.Protocol TunnelAspire.Routing TunnelAspire.Http TunnelAspire.Connector tunnel; do
    DOTNET_ROLL_FORWARD=Major "$tools/sharpfuzz" "$program/$assembly.dll" >/dev/null
done

export AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_BENCH_UNTIL_CRASH=1
failed=0
while read -r parser; do
    folder=$work/${parser//[^a-z]/-}
    dotnet "$program/TunnelAspire.Fuzz.dll" seeds "$parser" "$folder/seeds"
    afl-fuzz -V "$seconds" -t 10000 -m none -i "$folder/seeds" -o "$folder/findings" -- dotnet "$program/TunnelAspire.Fuzz.dll" run "$parser" >"$folder/log" 2>&1 </dev/null || { tail -5 "$folder/log" >&2; exit 1; }
    stats=$folder/findings/default/fuzzer_stats
    echo "$parser: $(awk -F': *' '$1 ~ /^execs_done|^corpus_count|^saved_crashes/ { gsub(/ /, "", $1); printf "%s %s  ", $1, $2 }' "$stats")"
    ! ls "$folder"/findings/default/crashes/id* >/dev/null 2>&1 || failed=1
done < <(if [[ $# -gt 1 ]]; then echo "$2"; else dotnet "$program/TunnelAspire.Fuzz.dll" list; fi)
exit $failed
