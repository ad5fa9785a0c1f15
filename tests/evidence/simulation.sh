#!/usr/bin/env bash
# SimNode against this machine's kernel: docs/measured/simulation.md. About an hour.
#   HEADROOM_BIN        directory of the programs (build/release/bin)
#   HEADROOM_RESUME     a directory that keeps what has been measured; a scenario that is in it is not measured again
#   HEADROOM_SECONDS    measured seconds of one arm in one rotation (20)
#   HEADROOM_SCENARIOS  names; the default is all with synthetic load and two drawn ones
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${HEADROOM_BIN:-build/release/bin} out=${HEADROOM_OUT:-docs/measured/simulation.md} length=${HEADROOM_SECONDS:-20} rc=0
rows=${HEADROOM_RESUME:-}
[ -n "$rows" ] || { rows=$(mktemp -d) && trap 'rm -rf "$rows"' EXIT; }
mkdir -p "$rows" "$(dirname "$out")"

# Nobody can have chosen the model for them: the seeds are the commit's, and what runs is what was committed.
commit=$(git log -1 --format=%H) || exit 1
[ -z "$(git status --porcelain -- . ':!docs')" ] || { echo "simulation: not everything is committed, and the seeds are the commit's" >&2; exit 1; }
drawn=$((16#${commit:0:6}))
for seed in "$drawn" $((drawn + 1)); do "$bin/headroom-lab" draw "$seed" >"$rows/drawn_$seed.yaml" || exit 1; done
names=${HEADROOM_SCENARIOS:-fanout guaranteed_pod contended mixed_node limit_needed harmful demo wakeup greedy churn fanout_200 startup
  drawn_$drawn drawn_$((drawn + 1))}

# Nothing is judged here but the model, so no twins and no void runs.
for name in $names; do
  [ -s "$rows/$name.real.json" ] && [ -s "$rows/$name.simulated.json" ] && continue
  scenario=$name && [ -f "$rows/$name.yaml" ] && scenario=$rows/$name.yaml
  how=(run "$scenario" --policies "static,kernel_burst" --unjudged --rounds 3)
  case $name in
    wakeup) how+=(--seconds 60) ;;   # five wakes
    startup | churn | fanout_200) ;;
    *) how+=(--seconds "$length") ;;
  esac
  "$bin/headroom-lab" "${how[@]}" --json "$rows/$name.real.json" >"$rows/$name.log" || { cat "$rows/$name.log"; rc=1; }
  "$bin/headroom-lab" "${how[@]}" --simulate --cpus "$(nproc)" --json "$rows/$name.simulated.json" >"$rows/$name.simulated.log" || rc=1
done
machine=$(sed -n 2p "$rows/${names%% *}.log" 2>/dev/null)
# shellcheck disable=SC2086
python3 tests/evidence/simulation.py "$rows" "${machine:-$(nproc) CPUs}" "$commit" $names >"$out.new" || rc=1
mv "$out.new" "$out"
cat "$out"
exit $rc
