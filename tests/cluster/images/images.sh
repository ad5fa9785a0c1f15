#!/usr/bin/env bash
# The images that every part uses, into build/cluster/images: a sandbox that only waits, busybox, our programs, Argo's executor. And a small
# service, into build/cluster/more: what only some parts load (see debian.sh).
# usage: tests/cluster/images/images.sh BIN_DIR   the directory of headroomd, headroomctl and headroom-guard
#   HEADROOM_IMAGE   an archive of tests/deploy/image.sh, in place of our programs with the libraries of this machine
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=$1 cluster=$here/../../../build/cluster
out=$cluster/images
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

older() {  # older ARCHIVE FILE...: one of the files is newer
  local archive=$out/$1 file
  shift
  for file in "$here/images.sh" "$here/image.py" "$@"; do [ ! "$file" -nt "$archive" ] || return 0; done
  return 1
}

if older pause.tar; then
  # As the real one: the sandbox's first process reaps what it inherits and ends at once when told to.
  cat >"$work/pause.c" <<'C'
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void leave(int s) { (void)s; _exit(0); }
static void reap(int s) { (void)s; while (waitpid(-1, 0, WNOHANG) > 0) {} }
int main(void) {
  signal(SIGINT, leave), signal(SIGTERM, leave), signal(SIGCHLD, reap);
  for (;;) pause();
}
C
  gcc -Os -s -static -o "$work/pause" "$work/pause.c"
  python3 "$here/image.py" "$out/pause.tar" localhost/pause:1 --entrypoint /pause "$work/pause=pause"
fi

applets=$(/bin/busybox --list | grep -vx busybox | xargs)
! older busybox.tar || python3 "$here/image.py" "$out/busybox.tar" localhost/busybox:1 "/bin/busybox=bin/busybox" --applets "$applets"

calls=$here/../../containers/calls.cpp
if [ "$calls" -nt "$cluster/bin/calls" ] || [ ! -f "$cluster/more/calls.tar" ]; then
  mkdir -p "$cluster/more"
  g++ -std=c++20 -O2 -static -pthread "$calls" -o "$cluster/bin/calls"
  python3 "$here/image.py" "$cluster/more/calls.tar" localhost/calls:1 "$cluster/bin/calls=bin/calls"
fi

if [ -n "${HEADROOM_IMAGE:-}" ]; then
  cp "$HEADROOM_IMAGE" "$out/headroom.tar"
  touch -d @0 "$out/headroom.tar"   # the next time without it makes ours again
elif older headroom.tar "$bin"/headroom{d,ctl,-guard}; then
  PYTHONPATH=$here/../../containers python3 -c 'import oci, sys; oci.headroom_rootfs(*sys.argv[1:])' "$work/root" "$bin"
  strip "$work"/root/usr/local/bin/*
  python3 "$here/image.py" "$out/headroom.tar" localhost/headroom:0.1.0 --entrypoint /usr/local/bin/headroomd --rootfs "$work/root"
fi

if [ -x "$cluster/bin/argoexec" ] && older argoexec.tar "$cluster/bin/argoexec"; then
  python3 "$here/image.py" "$out/argoexec.tar" localhost/argoexec:1 --applets "$applets" \
    "$cluster/bin/argoexec=bin/argoexec" "/bin/busybox=bin/busybox"
fi
