#!/usr/bin/env bash
# Explanations held against the journals of real runs: demo and contended, with the daemon's arm, over as many rounds as
# 100 leases and 100 refusals of each take. About ten minutes.
. "$(dirname "$0")/lib.sh"

rounds=5
work=$(mktemp -d)
trap 'rm -rf "$work"; rm -f "$figures"' EXIT

# audit SCENARIO: runs it until its journals hold enough, and keeps the table.
audit() {
  local scenario=$1 round verdict=FAILED
  mkdir -p "$work/$scenario"
  for round in $(seq "$rounds"); do
    "$bin/headroom-lab" run "$scenario" --policies headroom --rounds 1 --smoke --seconds 20 --seed "$round" \
      --keep-logs "$work/$scenario/$round" >"$work/$scenario/$round.log" 2>&1 || { tail -5 "$work/$scenario/$round.log"; failed=1; }
    rm -f "$work/table"
    if "$bin/headroom-lab" audit "$work/$scenario" --leases 100 --refusals 100 --markdown "$work/table" >"$work/said"; then
      verdict=passed
      break
    fi
    grep -q '^WRONG' "$work/said" && break
  done
  [ "$verdict" = passed ] || failed=1
  say "## $scenario, $round round(s) of 20 s"
  say ""
  say "$(cat "$work/table")"
  grep '^WRONG' "$work/said" | head -5
  say ""
  say "Verdict: **$verdict**"
  say ""
}

title "Explanations, held against the journals"
say "For each lease in its first tick, and for each container when another rule decides than before: every sum is made anew"
say "from the model's state as the journal reproduces it (and every replayed plan is compared, byte for byte, with the"
say "recorded one); the same tick is decided again with 5 ms more CPU in one recorded reading; and the change that the"
say "explanation of a refusal names is applied, one after the other until the container borrows: each has to lead to a lease"
say "or to another bound, and the first to the one that is named."
say ""
audit demo
audit contended
keep explain
