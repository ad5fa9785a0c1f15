#!/usr/bin/env bash
# Steps, the daemon and its guard in real containers: docs/measured/containers.md. About 15 minutes.
cd "$(dirname "$0")/../.." || exit 1
tests/containers/run.sh "${HEADROOM_BIN:-build/release/bin}" --restarts 50 --kills 20 --rotations 6 --seconds 25 --table docs/measured/containers.md && cat docs/measured/containers.md
