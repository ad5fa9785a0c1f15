#!/usr/bin/env bash
# A Debian 12 with systemd as an initramfs, made of the packages that this machine's apt knows. It has what headroom's package depends on,
# so that the package can be installed without a network.
# usage: tests/systemd/image.sh CACHE_DIR     prints the archive's path; it is made anew when this script changes
# Needs: root, mmdebstrap, cpio.
set -euo pipefail
cache=$(realpath -m "$1")
packages=systemd,systemd-sysv,dbus,init-system-helpers,procps,curl,jq
packages+=,libprometheus-cpp-core1.0,libyaml-cpp0.7,libre2-9,libspdlog1.10,libfmt9,libcpp-httplib0.11,libcurl4,libcgroup2,libsystemd0
image=$cache/systemd-$(sha256sum "$0" | cut -c1-12).cpio

if [ ! -f "$image" ]; then
  rm -f "$cache"/systemd-*.cpio
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # The sources that this machine's apt has for that release, wherever they are.
  apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    grep ' bookworm' | sort -u >"$work/sources"
  [ -s "$work/sources" ] || { echo "image: apt has no sources of Debian 12; run apt-get update" >&2; exit 1; }
  mmdebstrap --quiet --variant=minbase --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    bookworm "$work/root" - <"$work/sources" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }
  cd "$work/root"
  rm -rf var/cache/apt/*.bin var/lib/apt/lists/* usr/share/man/* etc/dpkg/dpkg.cfg.d/*
  rm -f lib/systemd/system-generators/*   # for disks and consoles that it has not; every daemon-reload would wait for them
  ln -sf lib/systemd/systemd init
  mkdir -p "$cache"
  find . -print0 | cpio --null -o -H newc --quiet >"$image.new"
  mv "$image.new" "$image"
fi
echo "$image"
