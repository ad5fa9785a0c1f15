# shellcheck shell=bash
# Sourced by evidence that is simulated: every scenario that has a model, under the same arms.
#   HEADROOM_BIN        directory of the programs (build/release/bin)
#   HEADROOM_RESUME     a directory that keeps what has been run; a scenario that is in it is not run again
#   HEADROOM_SCENARIOS  names; the default is all that can be simulated
# usage: simulate ARMS TABLE, which gets the directory and prints Markdown: docs/measured/NAME.md, by this script's name
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

simulate() {
  local arms=$1 table=$2 name out rc=0 bin=${HEADROOM_BIN:-build/release/bin} rows=${HEADROOM_RESUME:-}
  out=${HEADROOM_OUT:-docs/measured/$(basename "$0" .sh).md}
  [ -n "$rows" ] || { rows=$(mktemp -d) && trap 'rm -rf "$rows"' EXIT; }
  mkdir -p "$rows" "$(dirname "$out")"
  for name in ${HEADROOM_SCENARIOS:-fanout guaranteed_pod contended mixed_node limit_needed wakeup greedy churn fanout_200 startup}; do
    [ -s "$rows/$name.json" ] && continue
    "$bin/headroom-lab" run "$name" --simulate --unjudged --policies "$arms" --json "$rows/$name.json" >/dev/null || rc=1
  done
  python3 "$table" "$rows" >"$out.new" || rc=1
  mv "$out.new" "$out"
  cat "$out"
  return $rc
}
