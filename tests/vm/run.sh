#!/usr/bin/env bash
# Runs a command in a guest with cgroup v2: a Debian kernel, a busybox initramfs, and the programs named.
# usage: tests/vm/run.sh 6.1|6.12 BIN_DIR COMMAND [ARG...]
#   BIN_DIR   copied to /opt/headroom in the guest, with every shared library its programs need
#   COMMAND   run there with the unified hierarchy mounted and the cpu controller on; its exit status is ours
# HEADROOM_VM_FILES: a directory that is copied to /opt in the guest. HEADROOM_VM_MB: its memory. HEADROOM_VM_SECONDS: it ends then.
# The kernel's package is downloaded and unpacked, never installed. Needs: qemu-system-x86 busybox-static cpio.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
version=$1 bin=$(cd "$2" && pwd)
shift 2
cache=${HEADROOM_CACHE:-$top/build/vm}
limit=${HEADROOM_VM_SECONDS:-1500}
# shellcheck source=kernel.sh
. "$here/kernel.sh"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,proc,sys,dev,run,tmp,opt/headroom,lib64,lib/x86_64-linux-gnu}
cp "$(command -v busybox)" "$root/bin/busybox"
cp -L "$bin"/* "$root/opt/headroom/"
if [ -n "${HEADROOM_VM_FILES:-}" ]; then
  cp -a "$HEADROOM_VM_FILES" "$root/opt/"
fi
for program in "$root"/opt/headroom/*; do
  { ldd "$program" 2>/dev/null || true; } | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\s*\(\/lib64\/[^ ]*\).*/\1/p'
done | sort -u | while read -r library; do
  case $library in
    /lib64/*) cp -L "$library" "$root/lib64/" ;;
    *) cp -L "$library" "$root/lib/x86_64-linux-gnu/" ;;
  esac
done
strip --strip-debug "$root"/opt/headroom/* 2>/dev/null || true
printf '%q ' "$@" > "$root/opt/command"
cat > "$root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin LD_LIBRARY_PATH=/lib/x86_64-linux-gnu HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
ip link set lo up
echo "+cpu +cpuset +pids +memory" > /sys/fs/cgroup/cgroup.subtree_control
cd /opt/headroom
sh /opt/command
echo "headroom-vm: exit status $?"
poweroff -f
INIT
chmod +x "$root/init"
image=$root.cpio
(cd "$root" && find . -print0 | cpio --null -o -H newc --quiet | gzip -1) > "$image"
log=$(mktemp)
trap 'rm -rf "$root" "$image" "$log"' EXIT

# Emulated also where there is a /dev/kvm: on a machine that is itself a guest it may run kernels made for it alone (PVM), and Debian's
# hangs without a word. Emulated CPUs drift apart on a busy machine. The clock's watchdog would then patch the running kernel, which
# QEMU's translator does not always survive: no watchdog, and a guest that crashes is booted once more.
boot() {
  timeout -k 5 "$limit" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 2 -m "${HEADROOM_VM_MB:-2048}" -nographic -no-reboot \
    -nic none -kernel "$kernel" -initrd "$image" \
    -append "console=ttyS0 quiet panic=-1 random.trust_cpu=on psi=1 tsc=reliable" </dev/null 2>&1 |
    tee "$log" | sed -u 's/\r$//' || true
  status=$(sed -n 's/.*headroom-vm: exit status \([0-9]*\).*/\1/p' "$log" | tail -1)
}
boot
if [ -z "$status" ] && grep -q 'Kernel panic' "$log"; then
  echo "vm: the guest's kernel crashed; once more" >&2
  boot
fi
[ -n "$status" ] || { echo "vm: the guest ended without an exit status (over ${limit} s, or it crashed)" >&2; exit 1; }
exit "$status"
