#!/usr/bin/env bash
# A Debian 12 with systemd as an initramfs, made of the packages that this machine's apt knows. It has what headroom's package depends on,
# so that the package can be installed without a network.
# usage: tests/systemd/image.sh CACHE_DIR     prints the archive's path; it is made anew when this script changes
# Needs: root, mmdebstrap, cpio.
set -euo pipefail
cache=$(realpath -m "$1")
packages=systemd,systemd-sysv,dbus,init-system-helpers,procps,curl,jq
packages+=,libprometheus-cpp-core1.0,libyaml-cpp0.7,libre2-9,libspdlog1.10,libfmt9,libcpp-httplib0.11,libcurl4,libcgroup2,libsystemd0
image=$cache/systemd-$(cat "$0" "$(dirname "$0")/../debian.sh" | sha256sum | cut -c1-12).cpio

if [ ! -f "$image" ]; then
  rm -f "$cache"/systemd-*.cpio
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # shellcheck source=../debian.sh
  . "$(dirname "$0")/../debian.sh"
  debian "$work/root" "$packages"
  cd "$work/root"
  rm -f lib/systemd/system-generators/*   # for disks and consoles that it has not; every daemon-reload would wait for them
  ln -sf lib/systemd/systemd init
  mkdir -p "$cache"
  find . -print0 | cpio --null -o -H newc --quiet >"$image.new"
  mv "$image.new" "$image"
fi
echo "$image"
