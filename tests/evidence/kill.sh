#!/usr/bin/env bash
# Kills and freezes the real daemon with leases out, and writes docs/measured/kill.md.
#   HEADROOM_BIN     directory of test_live and the programs (build/release/bin)
#   HEADROOM_WRAP    a command in front of every piece of at most a minute, where the machine is shared
#   HEADROOM_RESUME  a file that keeps the samples; a piece that passed in it already is not run again
#   HEADROOM_OUT     where the table goes (docs/measured/kill.md)
# shellcheck disable=SC2016  # the conditions are awk's
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${HEADROOM_BIN:-build/release/bin} out=${HEADROOM_OUT:-docs/measured/kill.md} rc=0
samples=${HEADROOM_RESUME:-}
[ -n "$samples" ] || { samples=$(mktemp) && trap 'rm -f "$samples"' EXIT; }
export HEADROOM_SAMPLES=$samples

piece() {  # piece SEED FILTER NAME=VALUE...
  local seed=$1 filter=$2
  shift 2
  grep -qxF "passed $seed $filter" "$samples" 2>/dev/null && return
  # shellcheck disable=SC2086
  env HEADROOM_SEED="$seed" "$@" ${HEADROOM_WRAP:-} "$bin/test_live" --gtest_brief=1 --gtest_filter="$filter" &&
    echo "passed $seed $filter" >>"$samples" || rc=1
}

for seed in 1 2 3 4; do piece "$seed" 'KillNine.*' HEADROOM_KILLS=250; done
for seed in 11 12 13; do piece "$seed" 'Stop.Between*' HEADROOM_STOPS=34; done
piece 21 'Stop.AtARandom*' HEADROOM_STOPS_RANDOM=20
piece 31 'KillLimits.*:RunDirectory.*' HEADROOM_THIRD=20 HEADROOM_HIDDEN_KILLS=50

quantiles() {  # quantiles FIELD AWK_CONDITION: count, p50, p99, max in ms
  awk -v f="$1" "$2 {print \$f}" "$samples" | sort -n |
    awk '{v[NR]=$1} END {if (!NR) {print "0 | | | "; exit}; printf "%d | %.2f | %.2f | %.2f", NR, v[int((NR-1)/2)+1], v[int((NR-1)*99/100)+1], v[NR]}'
}
count() { awk "$1 {n++} END {print n+0}" "$samples"; }
verdict() { if [ "$1" = 1 ]; then echo met; else rc=1; echo "NOT MET"; fi; }
holds() { awk -v x="$1" -v y="$2" 'BEGIN {print (x <= y) ? 1 : 0}'; }
field() { echo "$1" | awk -F'[| ]+' -v n="$2" '{print $n}'; }

all=$(quantiles 3 '$1=="kill"') lost=$(count '$1=="kill" && $5!="back"')
hooked=$(count '$1=="kill" && $2!="random"') kills=$(count '$1=="kill"')
stops=$(quantiles 3 '$1=="stop"') strays=$(quantiles 5 '$1=="stop" && $5>0') more=$(count '$1=="stop" && $4>1')
at_fence=$(count '$1=="stop" && $2=="after_fence"')
third=$(count '$1=="third" && $2=="stands"') thirds=$(count '$1=="third"')
hidden=$(count '$1=="hidden" && $3=="nothing"') hiddens=$(count '$1=="hidden"')
boot=$(count '$1=="boot" && $2=="nothing"') full=$(count '$1=="rundir" && $2=="full" && $3=="observe"')
readonly=$(count '$1=="rundir" && $2=="read-only" && $3=="observe"')
version=v1
[ -e /sys/fs/cgroup/cgroup.controllers ] && version=v2

{
  cat <<TABLE
# Kills and freezes with leases out

\`./test.sh evidence kill\`: the real \`headroomd\` lends to six bursting pods on real cgroups (quota and kernel burst of pod
and container), is killed or stopped, and is never started again before the files were looked at. The clock starts
immediately before the \`kill\`, in the hook or in the test, and stops when every file reads as its owner left it; the
files are polled every 0.15 ms, the CPUs are busy with what was lent.

Linux $(uname -r | cut -d- -f1), cgroup $version, $(nproc) CPUs.

| what | times | p50 ms | p99 ms | max ms |
|---|---|---|---|---|
| \`kill -9\`, originals back | $all |
| of these between two writes of one plan (hook) | $(quantiles 3 '$1=="kill" && $2=="between_writes"') |
| of these inside an append (hook) | $(quantiles 3 '$1=="kill" && $2=="append"') |
| of these at a random moment | $(quantiles 3 '$1=="kill" && $2=="random"') |
| the killed process is gone (its inotify takes that long) | $(quantiles 4 '$1=="kill"') |
| SIGSTOP, originals back | $stops |
| of these between fence and write (hook) | $(quantiles 3 '$1=="stop" && $2=="after_fence"') |
| the value that was under way was seen, and was back after SIGCONT | $strays |

| sentence of the item | result | |
|---|---|---|
| 1,000 x \`kill -9\` with leases out, at least 500 between two writes or inside an append | $kills, $hooked | $(verdict $((kills >= 1000 && hooked >= 500))) |
| the originals are back, every time | $lost lost | $(verdict $((lost == 0))) |
| within 10 ms (p99) | $(field "$all" 3) ms | $(verdict "$(holds "$(field "$all" 3)" 10)") |
| SIGSTOP: within 1.5 s | $(field "$stops" 4) ms at most | $(verdict "$(holds "$(field "$stops" 4)" 1500)") |
| the woken daemon writes at most the one value that was under way, $at_fence times stopped between fence and write | $more wrote more | $(verdict $((more == 0 && at_fence >= 100))) |
| which is back within 20 ms of SIGCONT | $(field "$strays" 4) ms at most | $(verdict "$(holds "$(field "$strays" 4)" 20)") |
| with hidden leases alone nothing had to be written | $hidden of $hiddens kills | $(verdict $((hidden == hiddens && hiddens > 0))) |
| a third party's write between kill and restore stands | $third of $thirds | $(verdict $((third == thirds && thirds > 0))) |
| a ledger of another boot restores nothing | $boot of 1 | $(verdict $((boot == 1))) |
| a full run directory keeps the daemon in observe, with the reason | $full of 1 | $(verdict $((full == 1))) |
| a read-only run directory, too | $readonly of 1 | $(verdict $((readonly == 1))) |
TABLE
} > "$out.new"
grep -q 'NOT MET' "$out.new" && rc=1
mv "$out.new" "$out"
cat "$out"
exit $rc
