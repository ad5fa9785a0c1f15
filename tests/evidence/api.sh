#!/usr/bin/env bash
# Ten thousand leases, and what kubelet and the API server were asked for: docs/measured/api.md. About eight minutes.
#   HEADROOM_BIN     directory of the programs (build/release/bin)
#   HEADROOM_LEASES  how many (10000)
cd "$(dirname "$0")/../.." || exit 1
PYTHONDONTWRITEBYTECODE=1 exec python3 tests/evidence/api.py
