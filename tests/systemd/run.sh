#!/usr/bin/env bash
# Headroom's package in a guest whose PID 1 is Debian 12's systemd, on cgroup v2: installed, lending, reloaded, killed, purged.
# usage: tests/systemd/run.sh [CHECK...]       builds the package, runs the checks of inside.sh (all, or these; the others need `install`)
#        tests/systemd/run.sh --shell [CMD]    a shell on the guest's console, or one command in it, with the package in /checks
# HEADROOM_DEB: a package that is built already. HEADROOM_VM_SECONDS: the guest ends then.
# Needs: root, mmdebstrap, cpio, qemu-system-x86, man-db.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=${HEADROOM_CACHE:-$top/build/vm}
limit=${HEADROOM_VM_SECONDS:-2400}
version=6.1
# shellcheck source=../vm/kernel.sh
. "$here/../vm/kernel.sh"
image=$("$here/image.sh" "$cache")

deb=${HEADROOM_DEB:-}
if [ -z "$deb" ]; then
  build=$top/build/deb
  mkdir -p "$build"
  rm -f "$build"/headroom_*.deb
  { cmake --preset release -S "$top" -B "$build" -DHEADROOM_TESTS=OFF -DHEADROOM_LAB=OFF -DHEADROOM_HOOKS=OFF &&
    cmake --build "$build" && (cd "$build" && cpack -G DEB); } >"$build/package.log" 2>&1 || { tail -40 "$build/package.log" >&2; exit 1; }
  deb=$(echo "$build"/headroom_*.deb)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ "${1:-}" != --shell ]; then   # on this side: the guest has no troff
  dpkg-deb -x "$deb" "$work/deb"
  count=0
  for page in "$work"/deb/usr/share/man/man*/*; do
    said=$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || { printf 'FAILED: pages: %s: %s\n' "${page##*/}" "$said"; exit 1; }
    count=$((count + 1))
  done
  echo "ok: pages: $count manual pages render without a warning"
fi

root=$work/root units=$work/root/etc/systemd/system
mkdir -p "$root/checks" "$units/multi-user.target.wants"
cp "$deb" "$root/checks/"
cp "$here"/inside*.sh "$root/checks/"
echo 00000000000000000000000000000001 >"$root/etc/machine-id"   # not a first boot, at which systemd would enable units by itself
echo "${*@Q}" >"$root/checks/arguments"
input=null   # systemctl on a terminal starts an agent that asks for passwords
[ "${1:-}" != --shell ] || input=tty-force
cat >"$units/checks.service" <<UNIT
[Service]
Type=exec
Slice=checks.slice
ExecStart=/bin/bash /checks/inside.sh
ExecStopPost=/bin/systemctl --no-block poweroff --force --force
StandardInput=$input
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/ttyS0
UNIT
ln -s ../checks.service "$units/multi-user.target.wants/"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service; do
  ln -s /dev/null "$units/$unit"
done
(cd "$root" && find . -print0 | cpio --null -o -H newc --quiet) >"$work/more"
cat "$image" "$work/more" >"$work/initrd"

boot() {  # with the arguments of tests/vm/run.sh, for its reasons; more CPUs, so that systemd's own work leaves some to lend
  timeout --foreground -k 5 "$limit" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 4 -m 2048 -nographic -no-reboot -nic none \
    -kernel "$kernel" -initrd "$work/initrd" \
    -append "console=ttyS0 quiet panic=-1 random.trust_cpu=on psi=1 tsc=reliable systemd.show_status=false systemd.log_target=journal"
}
if [ "${1:-}" = --shell ] && [ $# = 1 ]; then boot; exit; fi
log=$work/log
for _ in 1 2; do   # a guest whose kernel crashes is booted once more
  boot </dev/null 2>&1 | tee "$log" | sed -u 's/\r$//' || true
  status=$(sed -n 's/.*checks: exit status \([0-9]*\).*/\1/p' "$log" | tail -1)
  [ -z "$status" ] && grep -q 'Kernel panic' "$log" || break
done
[ -n "$status" ] || { echo "systemd: the guest ended without an exit status (over ${limit} s, or it crashed)" >&2; exit 1; }
exit "$status"
