#!/usr/bin/env bash
# What it costs: the daemon on a large node and on an idle one, and a slow tick; writes docs/measured/cost.md. Ten minutes.
# HEADROOM_BIN: where the programs are. HEADROOM_RESUME: a directory that keeps the rows; what is in it is not measured
# again. HEADROOM_SECONDS: measured seconds of each case (60).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${HEADROOM_BIN:-build/release/bin} out=${HEADROOM_OUT:-docs/measured/cost.md} length=${HEADROOM_SECONDS:-60} rc=0
rows=${HEADROOM_RESUME:-}
[ -n "$rows" ] || { rows=$(mktemp -d) && trap 'rm -rf "$rows"' EXIT; }
mkdir -p "$rows" "$(dirname "$out")"

piece() {  # piece FILE COMMAND...: its output, kept once it has succeeded
  local file=$rows/$1
  shift
  [ -s "$file" ] && return
  # shellcheck disable=SC2086
  if ${HEADROOM_WRAP:-} "$@" >"$file.new"; then mv "$file.new" "$file"; else rc=1; fi
}

piece busy "$bin/headroom-bench" node --seconds "$length" --warm-up 25 --record 10
piece unlent "$bin/headroom-bench" node --no-lending --seconds "$length" --warm-up 5
piece idle "$bin/headroom-bench" node --containers 20 --pods 8 --borrowers 6 --active 0 --near-quota 0 \
  --seconds "$length" --warm-up 25
for groups in 10 100 500 1000 2000; do
  piece "tick-$groups" "$bin/headroom-bench" --benchmark_filter="slow_tick/groups:$groups/" --benchmark_format=json
done
piece libcgroup "$bin/headroom-bench" --benchmark_filter=libcgroup --benchmark_format=json
python3 tests/evidence/cost_table.py "$rows" >"$out.new" || rc=1
mv "$out.new" "$out"
cat "$out"
exit $rc
