#!/usr/bin/env bash
# The report's page in a real browser. usage: run.sh BIN_DIR [OUT_DIR]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1
out=${2:-$here/../../build/report-page}
golden=$here/../golden/lab

mkdir -p "$out"
"$bin/headroom-lab" report "$golden"/fixture-{steady,starts,simulated}.json --html "$out/report.html" --markdown "$out/report.md" \
  --csv "$out/report.csv"
# Main pictures of two, three latencies and the throttled time of each, six and three timelines, two units of series.
python3 "$here/check.py" "$(command -v chromium)" "$out/report.html" 21 "$out"
