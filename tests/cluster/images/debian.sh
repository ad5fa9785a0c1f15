#!/usr/bin/env bash
# The image of what needs more than busybox: Debian 12 with Python, dflow and flytekit, a JVM and nginx. Made once, kept in build/cluster:
#   venv           dflow on this side, which writes the manifests
#   more/debian.tar
# usage: tests/cluster/images/debian.sh      Needs: root, mmdebstrap, python3-venv, a JDK.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cluster=$here/../../../build/cluster
stamp=$(cat "$here/debian.sh" "$here/image.py" "$here/requirements.txt" "$here"/debian/* "$here/../../debian.sh" | sha256sum)
[ "$(cat "$cluster/more/.stamp" 2>/dev/null)" != "$stamp" ] || exit 0
mkdir -p "$cluster/more"
rm -f "$cluster/more/.stamp"
work=$(mktemp -d -p "$cluster")
trap 'rm -rf "$work"' EXIT
began=$SECONDS

python3 -m venv --clear "$cluster/venv"
"$cluster/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >"$work/log" 2>&1 ||
  { tail -20 "$work/log"; exit 1; }
python=$("$cluster/venv/bin/python3" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
[ "$python" = python3.11 ] || { echo "FAILED: the image has Debian 12's Python 3.11, and this machine $python"; exit 1; }

# shellcheck source=../../debian.sh
. "$here/../../debian.sh"
root=$work/root
debian "$root" python3,openjdk-17-jre-headless,nginx-light
cp -r "$cluster/venv/lib/$python/site-packages/." "$root/usr/local/lib/$python/dist-packages/"
cp "$here/debian/sitecustomize.py" "$root/etc/$python/sitecustomize.py"
install -D -t "$root/usr/local/bin" "$here/debian/pyflyte-execute"
cp "$here/debian/nginx.conf" "$root/etc/nginx/nginx.conf"
mkdir -p "$root/opt/service"
javac -d "$root/opt/service" "$here/debian/Service.java"
# Compiled once here, as an image's builder would; else every step compiles it again and throws it away.
chroot "$root" python3 -m compileall -q -j 2 /usr/local/lib/$python/dist-packages >/dev/null 2>&1 || true
python3 "$here/image.py" "$cluster/more/debian.tar" localhost/debian:1 --rootfs "$root"
echo "$stamp" >"$cluster/more/.stamp"
echo "built the image debian in $((SECONDS - began)) s, $(du -m "$cluster/more/debian.tar" | cut -f1) MiB"
