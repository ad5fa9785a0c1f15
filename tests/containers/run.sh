#!/usr/bin/env bash
# Debian's containerd, runc and Docker engine: steps in real containers are lent to and restored, and the daemon and its guard run in containers
# with exactly the DaemonSet's fields.
# usage: tests/containers/run.sh BIN_DIR [--restarts N] [--kills N] [--only PART,...] [--table FILE]
# Needs: runc busybox-static python3-yaml curl's library.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=packages.sh
. "$here/packages.sh"
export PATH="$containerd/usr/bin:$containerd/usr/sbin:$PATH" PYTHONDONTWRITEBYTECODE=1
python3 "$here/containers.py" "$@"
