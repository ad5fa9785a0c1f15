#!/usr/bin/env bash
# The same as run.sh on cgroup v2, in tests/vm/run.sh's guest, without Docker: steps in real containers, the daemon and its guard in theirs.
# usage: tests/containers/guest.sh 6.1|6.12 BIN_DIR [ARG of containers.py...]
# Needs: what tests/vm/run.sh needs, and runc python3 (Debian's) python3-yaml curl's library.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
version=$1 bin=$(cd "$2" && pwd)
shift 2
# shellcheck source=packages.sh
. "$here/packages.sh"
python=/usr/bin/python3   # one from elsewhere has its modules elsewhere
library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
repo=$work/repo
mkdir -p "$work/bin" "$repo/tests" "$repo/deploy" "$repo/python/lib"
cp -L "$bin"/{headroomd,headroomctl,headroom-guard} "$containerd"/usr/bin/{containerd,containerd-shim-runc-v2,ctr} "$(command -v runc)" "$work/bin/"
cp -L "$python" "$work/bin/python3"
# With times, by which Python knows what it has compiled.
cp -a "$here" "$repo/tests/containers"
cp -a "$top/deploy/kustomize" "$repo/deploy/"
cp -a "$library" "$repo/python/lib/"
rm -rf "$repo"/python/lib/*/{config-*,test,lib2to3,pydoc_data,idlelib,distutils,ensurepip}
cp -a "$("$python" -c 'import os, yaml; print(os.path.dirname(yaml.__file__))')" "$repo/python/lib/$(basename "$library")/"
PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 "$python" -c 'import sys, oci; oci.headroom_rootfs(*sys.argv[1:])' "$repo/rootfs" "$bin"
strip --strip-debug "$repo"/rootfs/usr/local/bin/*

# pivot_root refuses where the root is the initramfs itself: a mount of it over it, as switch_root does. A mere chroot into one would not do:
# setns() of whoever enters a container's mount namespace goes to the top of what is mounted on the namespace's root.
cat > "$repo/start" <<'START'
mkdir /mnt && mount -o rbind / /mnt && cd /mnt && mount -o move . / &&
  exec chroot . env PATH=/opt/headroom:/bin PYTHONHOME=/opt/repo/python PYTHONDONTWRITEBYTECODE=1 \
    python3 /opt/repo/tests/containers/containers.py /opt/headroom --rootfs /opt/repo/rootfs "$@"
START
HEADROOM_VM_FILES=$repo HEADROOM_VM_MB=3072 HEADROOM_VM_SECONDS=${HEADROOM_VM_SECONDS:-1800} \
  "$top/tests/vm/run.sh" "$version" "$work/bin" sh /opt/repo/start --slow 5 --only lends_and_restores,enforces_in_a_pod,observe_cannot_write "$@"
