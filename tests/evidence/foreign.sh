#!/usr/bin/env bash
# Somebody else writes quotas while leases are out; writes docs/measured/foreign.md. Settings as in kill.sh.
# shellcheck disable=SC2016  # the conditions are awk's
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${HEADROOM_BIN:-build/release/bin} out=${HEADROOM_OUT:-docs/measured/foreign.md} rc=0
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

for seed in 1 2 3 4 5; do piece "$seed" 'ForeignWrites.DuringFile*' HEADROOM_FOREIGN=400; done
for seed in 11 12; do piece "$seed" 'ForeignWrites.DuringHidden*' HEADROOM_FOREIGN_HIDDEN=250; done
piece 21 'ForeignOvertaken.*' HEADROOM_OVERTAKEN=9
piece 22 'ForeignOvertaken.*' HEADROOM_OVERTAKEN=1 HEADROOM_QUIET=598   # and nothing for all of its ten minutes
piece 31 'ForeignDecrease.ToHalf*' HEADROOM_DECREASES=200
piece 32 'ForeignDecrease.Deeper*' HEADROOM_DECREASES=100

count() { awk "$1 {n++} END {print n+0}" "$samples"; }
sum() { awk "$1 {n+=\$$2} END {print n+0}" "$samples"; }
verdict() { if [ "$1" = 1 ]; then echo met; else echo "NOT MET"; fi; }
of() { count '$1=="foreign" && $2=="'"$1"'" && $3=="'"$2"'"'; }

stood=$(of file stood) over=$(of file overtaken) lost=$(of file LOST) files=$(count '$1=="foreign" && $2=="file"')
hstood=$(of hidden stood) hiddens=$(count '$1=="foreign" && $2=="hidden"')
forced=$(count '$1=="foreign" && $2=="forced"') fover=$(of forced overtaken)
half=$(sum '$1=="decrease" && $2=="half"' 3) hrefused=$(sum '$1=="decrease" && $2=="half"' 4)
deep=$(sum '$1=="decrease" && $2=="quarter"' 3) drefused=$(sum '$1=="decrease" && $2=="quarter"' 4)
dagain=$(sum '$1=="decrease" && $2=="quarter"' 5) anylost=$(count '$1=="foreign" && $3=="LOST"')
version=v1
[ -e /sys/fs/cgroup/cgroup.controllers ] && version=v2

cat >"$out.new" <<TABLE
# Somebody else's writes while leases are out

\`./test.sh evidence foreign\`: forty bursting containers side by side, each with a lease of the real \`headroomd\`; somebody
writes the quota of each of them once (open, one write, close), at a random moment. Every batch has fresh groups, so that
no write counts as somebody's second. At the end the daemon is asked to leave, and the file has to hold what was written.

Linux $(uname -r | cut -d- -f1), cgroup $version, $(nproc) CPUs.

| during | writes | stood | overtaken, and noticed | lost |
|---|---|---|---|---|
| file leases | $files | $stood | $over | $lost |
| hidden leases | $hiddens | $hstood | $(of hidden overtaken) | $(of hidden LOST) |
| a stop of the daemon between its last look and its write | $forced | $(of forced stood) | $fover | $(of forced LOST) |

| sentence of the item | result | |
|---|---|---|
| 2,000 single writes during file leases: it stands in at least 99.9 % | $stood of $files | $(verdict $((files >= 2000 && stood * 1000 >= files * 999))) |
| 500 during hidden ones | $hstood of $hiddens | $(verdict $((hiddens >= 500 && hstood * 1000 >= hiddens * 999))) |
| where ours overtook it the file is back at the last base, the group is left alone (\`explain\`: hands off; no write of ours for 2 s, one of them watched for 598 s), the event names it | $fover of $forced forced | $(verdict $((forced >= 10 && fover == forced))) |
| none lost unnoticed | $anylost lost | $(verdict $((anylost == 0))) |
| a decrease to half the limit (period, quota) is never refused | $hrefused of $half refused | $(verdict $((half > 0 && hrefused == 0))) |
| a deeper one at most once, and succeeds 200 ms later | $drefused of $deep refused, $dagain again | $(verdict $((deep > 0 && dagain == 0))) |
TABLE
grep -q 'NOT MET' "$out.new" && rc=1
mv "$out.new" "$out"
cat "$out"
exit $rc
