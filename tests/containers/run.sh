#!/usr/bin/env bash
# Debian's containerd, runc and Docker engine: steps in real containers are lent to and restored, and the daemon and its guard run in containers
# with exactly the DaemonSet's fields.
# usage: tests/containers/run.sh BIN_DIR [--restarts N] [--kills N] [--table FILE]
# The packages are downloaded and unpacked, never installed, because that would start their services.
# Needs: runc busybox-static python3-yaml curl's library.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${HEADROOM_CACHE:-$here/../../build/containerd}
if [ ! -x "$cache/usr/sbin/dockerd" ]; then
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  (cd "$download" && chmod 777 . && { apt-get download -q containerd docker.io || { apt-get update -q && apt-get download -q containerd docker.io; }; } >log 2>&1 ||
    { cat log; exit 1; })
  mkdir -p "$cache"
  for package in "$download"/*.deb; do dpkg -x "$package" "$cache"; done
fi
export PATH="$cache/usr/bin:$cache/usr/sbin:$PATH" PYTHONDONTWRITEBYTECODE=1
python3 "$here/containers.py" "$@"
