#!/usr/bin/env bash
# How fast nodes are simulated, on how many cores, in how much memory: docs/measured/fleet.md. Three minutes.
#   HEADROOM_BIN   directory of the programs (build/release/bin)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${HEADROOM_BIN:-build/release/bin} out=${HEADROOM_OUT:-docs/measured/fleet.md} rc=0
python3 tests/evidence/fleet.py "$bin" >"$out.new" || rc=1
mv "$out.new" "$out"
cat "$out"
exit $rc
