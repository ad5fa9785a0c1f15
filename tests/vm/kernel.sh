# shellcheck shell=bash
# Sourced, with `version` (6.1 or 6.12) and `cache` set. Sets `kernel`: that of Debian, downloaded and unpacked, never installed.
case $version in
  6.1) meta=linux-image-cloud-amd64 ;;
  6.12) meta=linux-image-6.12-cloud-amd64 ;;
  *) echo "vm: kernel \"$version\": want 6.1 or 6.12" >&2; exit 2 ;;
esac

mkdir -p "$cache"
kernel=$cache/vmlinuz-$version
if [ ! -f "$kernel" ]; then
  package=$(apt-cache depends --no-recommends --no-suggests "$meta" | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -1)
  [ -n "$package" ] || { echo "vm: $meta names no kernel package; run apt-get update" >&2; exit 1; }
  work=$(mktemp -d)
  (cd "$work" && chmod 777 . && apt-get download -q "$package" >/dev/null && dpkg -x ./*.deb root)
  cp "$work"/root/boot/vmlinuz-* "$kernel.new" && mv "$kernel.new" "$kernel"
  rm -rf "$work"
fi
