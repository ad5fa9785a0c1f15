# shellcheck shell=bash
# Sourced. Sets `containerd`: a directory with Debian's containerd and Docker, downloaded and unpacked, never installed, because that would
# start their services.
containerd=${HEADROOM_CACHE:-$here/../../build/containerd}
if [ ! -x "$containerd/usr/sbin/dockerd" ]; then
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  (cd "$download" && chmod 777 . && { apt-get download -q containerd docker.io || { apt-get update -q && apt-get download -q containerd docker.io; }; } >log 2>&1 ||
    { cat log; exit 1; })
  mkdir -p "$containerd"
  for package in "$download"/*.deb; do dpkg -x "$package" "$containerd"; done
  rm -rf "$download"
fi
