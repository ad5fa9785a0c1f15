#!/usr/bin/env bash
# A real Prometheus scrapes the real daemon. usage: run.sh BIN_DIR
# Debian's package is unpacked, not installed, so that no service starts; $HEADROOM_PROMETHEUS names an unpacked one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "$1" && pwd)
cache=${HEADROOM_PROMETHEUS:-$here/../../build/prometheus}

if [ ! -x "$cache/usr/bin/promtool" ]; then
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  (cd "$download" && { apt-get download -q prometheus || { apt-get update -q && apt-get download -q prometheus; }; } >log 2>&1 ||
    { cat log; exit 1; })
  mkdir -p "$cache"
  dpkg -x "$download"/prometheus_*.deb "$cache"
fi
promtool=$cache/usr/bin/promtool rules=$here/../../deploy/prometheus
"$promtool" check rules "$rules"/*-rules.yaml
"$promtool" test rules "$rules/rules_test.yaml"   # a node at 90 %, of which 40 points are borrowed, reads 50 %
python3 "$here/scrape.py" "$bin" "$cache/usr/bin"
