#!/usr/bin/env bash
# 250 pods with 600 containers and 20 container starts a second, known by name from a stand-in kubelet, against the same by cgroup
# paths alone: docs/measured/names.md. About twelve minutes.
#   HEADROOM_BIN      directory of the programs (build/release/bin)
#   HEADROOM_SECONDS  of each arm in each rotation (60)
#   HEADROOM_ROUNDS   rotations (3)
cd "$(dirname "$0")/../.." || exit 1
PYTHONDONTWRITEBYTECODE=1 exec python3 tests/evidence/names.py
