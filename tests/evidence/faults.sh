#!/usr/bin/env bash
# Every error at every class of system call of cgroups/fs under the real daemon: docs/measured/faults.md.
#   HEADROOM_BIN     directory of test_live and the programs (build/release/bin)
#   HEADROOM_WRAP    a command in front of every piece, where the machine is shared
#   HEADROOM_RESUME  a file that keeps the rows; a piece that passed in it already is not run again
#   HEADROOM_OUT     where the table goes (docs/measured/faults.md)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${HEADROOM_BIN:-build/release/bin} out=${HEADROOM_OUT:-docs/measured/faults.md} rc=0
rows=${HEADROOM_RESUME:-}
[ -n "$rows" ] || { rows=$(mktemp) && trap 'rm -f "$rows"' EXIT; }

piece() {  # piece FILTER
  local fresh
  grep -qxF "passed $1" "$rows" 2>/dev/null && return
  fresh=$(mktemp)
  # shellcheck disable=SC2086
  if HEADROOM_FULL=1 HEADROOM_SAMPLES=$fresh ${HEADROOM_WRAP:-} "$bin/test_live" --gtest_brief=1 --gtest_filter="$1"; then
    cat "$fresh" >>"$rows"
    echo "passed $1" >>"$rows"
  else
    rc=1
  fi
  rm -f "$fresh"
}
piece 'Faults.OfOneGroup*'
piece 'Faults.OfTheNode*'
piece 'StartFaults.*'

version=v1
[ -e /sys/fs/cgroup/cgroup.controllers ] && version=v2
{
  cat <<TABLE
# Faults of system calls

\`./test.sh evidence faults\`: the real \`headroomd\` (its \`-hooked\` build) lends to bursting pods on real cgroups while one
call fails, every time it is made for as long as the fault is there (EINTR three times). A fault of a group meets a pod that
comes while it is there. *Messages* are log lines of level warn or error; *ticks* are those a second with the fault and
before it, of which the clock makes 100 and events more; *right after* is when the group is known, read and lent to, counted from the end of the fault.
ENODEV of one group is the kernel's word for "gone": no message, and a group that is there all the same is looked at
again once a second, four times, and after that by the next walk of the tree (1 min). The release daemon has none of this
but one load of an empty pointer in front of a call.

Linux $(uname -r | cut -d- -f1), cgroup $version, $(nproc) CPUs.

| call | error | where | failed calls | messages | ticks before, during | failed observations at the end | right after |
|---|---|---|---|---|---|---|---|
TABLE
  awk -F'|' '$1 == "fault" {printf "| %s | %s | %s | %s | %s | %s, %s | %s | %s ms |\n", $2, $3, $4, $5, $6, $7, $8, $9, $10}' "$rows"
  echo
  echo "Faults at the start, and of the first write:"
  echo
  echo "| call | error | failed calls | messages | then |"
  echo "|---|---|---|---|---|"
  awk -F'|' '$1 == "start" {printf "| %s | %s | %s | %s | %s |\n", $2, $3, $4, $5, $6}' "$rows"
  echo
  lost=$(awk -F'|' '$1 == "fault" && ($10 < 0 || $6 > 1 || $8 < 0.9 * ($7 < 100 ? $7 : 100)) {n++} END {print n + 0}' "$rows")
  all=$(grep -c -E '^(fault|start)\|' "$rows")
  [ "$lost" = 0 ] && [ "$(grep -c '^passed' "$rows")" = 3 ] || rc=1
  echo "Verdict: **$([ $rc = 0 ] && echo "passed" || echo FAILED)**, $all faults, $lost not survived"
} >"$out.new"
mv "$out.new" "$out"
cat "$out"
exit $rc
