#!/usr/bin/env bash
# Ten minutes of every fuzzer on every CPU, and the coverage it reached: docs/measured/fuzz.md.
#   HEADROOM_FUZZ_SECONDS  wall time of each fuzzer (600)
#   HEADROOM_FUZZ_BIN      directory of the fuzzers (build/fuzz/bin, built here)
#   HEADROOM_WRAP          a command in front of every piece of at most a minute, where the machine is shared
#   HEADROOM_RESUME        a file that keeps the rows; a piece that stands in it is not run again
#   HEADROOM_OUT           where the table goes (docs/measured/fuzz.md)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${HEADROOM_FUZZ_BIN:-build/fuzz/bin} out=${HEADROOM_OUT:-docs/measured/fuzz.md} rc=0
seconds=${HEADROOM_FUZZ_SECONDS:-600} cpus=$(nproc)
rows=${HEADROOM_RESUME:-}
[ -n "$rows" ] || { rows=$(mktemp) && trap 'rm -f "$rows"' EXIT; }
if [ -z "${HEADROOM_FUZZ_BIN:-}" ]; then
  cmake --preset fuzz >/dev/null && cmake --build --preset fuzz --target fuzzers >/dev/null || exit 1
fi
work=$(realpath -m "$bin/..")
names=$(for f in tests/fuzz/fuzz_*.cpp; do f=${f##*/fuzz_} && echo "${f%.cpp}"; done)

# Of whose edges the coverage is counted: what the fuzzer is about, not the libraries around it.
sources() {
  case $1 in
    config) echo 'config/' ;;
    files) echo 'cgroups/types/text|cgroups/types/cpu_set|cgroups/fs/hierarchy|agent/run_delay' ;;
    paths) echo 'workloads/|cgroups/fs/names' ;;
    ledger) echo 'cgroups/ledger/' ;;
    control) echo 'agent/routes|agent/state_json|agent/find_group|agent/credits|metrics/export/' ;;
    *) echo "fuzz_$1" ;;
  esac
}

# Two processes and more share one corpus directory and take each other's finds over.
piece() {  # piece NAME INDEX SECONDS
  local name=$1 index=$2 length=$3 i runs=0 bad=0 pids=() more=()
  grep -q "^piece $name $index " "$rows" 2>/dev/null && return
  mkdir -p "$work/corpus/$name" "$work/artifacts" "$work/fuzz-logs"
  [ -f "tests/fuzz/$name.dict" ] && more+=("-dict=tests/fuzz/$name.dict")
  for ((i = 0; i < cpus; i++)); do
    "$bin/fuzz_$name" -max_total_time="$length" -reload=1 -timeout=10 -rss_limit_mb=1500 -print_final_stats=1 \
      -artifact_prefix="$work/artifacts/$name-" "${more[@]}" "$work/corpus/$name" "tests/fuzz/corpus/$name" \
      >"$work/fuzz-logs/$name.$i.log" 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || bad=1; done
  for ((i = 0; i < cpus; i++)); do
    runs=$((runs + $(awk '/number_of_executed_units/ {print $2}' "$work/fuzz-logs/$name.$i.log" | tail -1)))
  done
  echo "piece $name $index $length $runs $bad" >>"$rows"
}
export -f piece
export bin work rows cpus

coverage() {  # coverage NAME: edges reached, edges there are (of our own sources), functions never entered
  "$bin/fuzz_$1" -runs=0 -print_coverage=1 "$work/corpus/$1" "tests/fuzz/corpus/$1" 2>&1 | awk -v ours="$(sources "$1")" '
    /COVERED_FUNC/ && $0 ~ ours {
      for (i = 1; i < NF; i++) if ($i == "edges:") {split($(i + 1), e, "/"); got += e[1]; all += e[2]}
      if ($1 == "UNCOVERED_FUNC:") missed++
    }
    END {printf "%d %d %d\n", got, all, missed}'
}

for name in $names; do
  for ((at = 0; at < seconds; at += 60)); do
    length=$((seconds - at < 60 ? seconds - at : 60))
    # shellcheck disable=SC2086
    ${HEADROOM_WRAP:-} bash -c 'piece "$@"' _ "$name" "$at" "$length"
  done
  # shellcheck disable=SC2086
  grep -q "^coverage $name " "$rows" || echo "coverage $name $(coverage "$name")" >>"$rows"
done

{
  cat <<TABLE
# Fuzzers

\`./test.sh evidence fuzz\`: libFuzzer (clang, -O1, ASan and UBSan), each for $seconds s of wall time on $cpus CPUs, from the
seeds in tests/fuzz/corpus on. A run is clean if nothing crashed, hung for 10 s, leaked, took more than 1.5 GiB or broke
one of the laws that the fuzzer states. Coverage is counted in the edges of the sources that the fuzzer is about, not of
the libraries around them.

| fuzzer | runs | time | corpus | edges reached | of our edges there | functions never entered | |
|---|---|---|---|---|---|---|---|
TABLE
  for name in $names; do
    read -r time runs bad < <(awk -v n="$name" '$1 == "piece" && $2 == n {t += $4; r += $5; b += $6} END {print t + 0, r + 0, b + 0}' "$rows")
    read -r got all missed < <(awk -v n="$name" '$1 == "coverage" && $2 == n {print $3, $4, $5}' "$rows")
    corpus=$(find "$work/corpus/$name" -type f | wc -l)
    verdict=clean
    [ "$bad" = 0 ] && [ "$time" -ge "$seconds" ] || { verdict=FAILED && rc=1; }
    echo "| $name | $runs | $time s on $cpus CPUs | $corpus | $got | $((all > 0 ? 100 * got / all : 0)) % of $all | $missed | $verdict |"
  done
  echo
  echo "Verdict: **$([ $rc = 0 ] && echo passed || echo FAILED)**"
} >"$out.new"
grep -q FAILED "$out.new" && rc=1
mv "$out.new" "$out"
cat "$out"
exit $rc
