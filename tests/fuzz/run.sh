#!/usr/bin/env bash
# Runs the fuzzers for a while, as many at a time as there are CPUs; what one finds makes it fail.
#   tests/fuzz/run.sh BIN SECONDS [NAME...]   BIN: where fuzz_* are (build/fuzz/bin)
# Seeds are tests/fuzz/corpus/NAME; what is found beyond them is kept in BIN/../corpus/NAME, inputs that break something
# in BIN/../artifacts. To see one again: BIN/fuzz_NAME ARTIFACT
#   HEADROOM_FUZZ_SEED    libFuzzer's -seed (1: the same inputs in every run of the suite; 0: drawn)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${1:?usage: run.sh BIN SECONDS [NAME...]} seconds=${2:?usage: run.sh BIN SECONDS [NAME...]}
shift 2
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(for f in tests/fuzz/fuzz_*.cpp; do f=${f##*/fuzz_} && echo "${f%.cpp}"; done)
work=$(realpath -m "$bin/..")
mkdir -p "$work/artifacts" "$work/fuzz-logs"
export bin seconds work seed="${HEADROOM_FUZZ_SEED:-1}"

one() {
  local name=$1 more=() log rc
  log=$work/fuzz-logs/$name.log
  mkdir -p "$work/corpus/$name"
  [ -f "tests/fuzz/$name.dict" ] && more+=("-dict=tests/fuzz/$name.dict")
  "$bin/fuzz_$name" -max_total_time="$seconds" -seed="$seed" -timeout=10 -rss_limit_mb=1500 -print_final_stats=1 \
    -verbosity=1 -artifact_prefix="$work/artifacts/$name-" "${more[@]}" "$work/corpus/$name" "tests/fuzz/corpus/$name" \
    >"$log" 2>&1
  rc=$?
  awk -v n="$name" '/^#[0-9]+.*cov:/ {for (i = 1; i < NF; i++) {if ($i == "cov:") cov = $(i + 1); if ($i == "corp:") corp = $(i + 1)}}
    /number_of_executed_units/ {runs = $2} END {printf "%s: %d runs, %s edges, corpus %s\n", n, runs, cov, corp}' "$log"
  [ "$rc" = 0 ] && return 0
  echo "FAILED: fuzz_$name, see $log and $work/artifacts"
  grep -m1 -A25 -E 'broken law|ERROR: |runtime error' "$log"
  return 1
}
export -f one
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'one "$@"' _ {}
