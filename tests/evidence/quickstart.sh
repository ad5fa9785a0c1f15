#!/usr/bin/env bash
# The demonstration leaves nothing behind: whole, after Ctrl-C at random moments, and in the v2 guest.
# Writes docs/measured/quickstart.md.
#   HEADROOM_STOPS   how many Ctrl-C's (5)     HEADROOM_BIN_DIR   programs (build/release/bin)
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1
stops=${HEADROOM_STOPS:-5}
log=$(mktemp) before=$(mktemp) after=$(mktemp) guest=$(mktemp -d)
trap 'rm -rf "$figures" "$log" "$before" "$after" "$guest"' EXIT
export HEADROOM_BIN_DIR=$bin

# Every group of the machine with the values that headroom could have written.
values() {
  find /sys/fs/cgroup -type f \( -name 'cpu.cfs_*_us' -o -name cpu.shares -o -name cpu.max -o -name cpu.max.burst \
    -o -name cpu.weight -o -name cgroup.procs \) 2>/dev/null | sort | while read -r file; do
    case $file in */cgroup.procs) echo "$file" ;; *) echo "$file $(cat "$file" 2>/dev/null)" ;; esac
  done
}

# left: what the last run left behind; nothing is what we want to read. Groups that others make or remove meanwhile are
# their business: what was there keeps its values, and what is new is not of the lab.
left() {
  values >"$after"
  diff "$before" "$after" | awk '
    /^</ {was[$2] = $3}
    /^>/ {if ($2 in was) print "changed: " $2 " " was[$2] " -> " $3; else if ($2 ~ /headroom-lab/) print "left: " $2}' | head -3
  pgrep -a -x headroom-lab | head -3
  pgrep -af 'headroom(d|-guard).*/run/headroom-lab' | head -3
}

row() {  # row WHAT SECONDS EXIT WANTED_EXIT SAYS
  local rest verdict=ok
  rest=$(left)
  { [ "$3" = "$4" ] && [ -z "$rest" ] && grep -q 'every cgroup file has its original value' "$log"; } || verdict=FAILED failed=1
  say "| $1 | $2 | $3 | ${rest:-nothing} | $verdict |"
  [ $verdict = ok ] || tail -5 "$log"
}

title "The demonstration, whole and interrupted"
say "| run | after, s | exit | left behind | |"
say "|---|---|---|---|---|"
values >"$before"
start=$SECONDS
./quickstart.sh --no-build >"$log" 2>&1
status=$?
whole=$((SECONDS - start))
row "whole" $whole $status 0
table=$(sed -n '/before: limits/,/Guaranteed pod/p' "$log")
for ((i = 1; i <= stops; i++)); do
  after_s=$((RANDOM % whole)).$((RANDOM % 10))
  set -m   # a process group of its own, in which SIGINT is not ignored from the start
  ./quickstart.sh --no-build >"$log" 2>&1 &
  pid=$!
  set +m
  sleep "$after_s"
  kill -INT -- -"$pid"   # what a terminal does: the whole group hears it
  wait "$pid"
  row "Ctrl-C $i of $stops" "$after_s" $? 130
  sleep 1
done

mkdir -p "$guest/bin" "$guest/q/lab" "$guest/q/examples"
cp "$bin"/{headroomd,headroomctl,headroom-guard,headroom-lab} "$(command -v bash)" "$guest/bin/"
cp quickstart.sh "$guest/q/"
cp -r lab/scenarios "$guest/q/lab/"
cp examples/demo.yaml "$guest/q/examples/"
list='find /sys/fs/cgroup -mindepth 1 -type d | sort'
start=$SECONDS
HEADROOM_VM_FILES=$guest/q tests/vm/run.sh 6.12 "$guest/bin" sh -c "$list >/tmp/a; HEADROOM_BIN_DIR=/opt/headroom \
/opt/headroom/bash /opt/q/quickstart.sh --no-build --seconds 10; rc=\$?; $list >/tmp/b; cmp /tmp/a /tmp/b && exit \$rc" >"$log" 2>&1
row "whole, in the 6.12 guest (cgroup v2, emulated), \`--seconds 10\`" $((SECONDS - start)) $? 0
say ""
say "The whole run's table:"
say ""
say '```'
say "$table"
say '```'
say ""
say "Bar: under 180 s; every group of the machine and every value in it as before, no process of ours."
say ""
[ $whole -lt 180 ] && [ $failed = 0 ] && say "Verdict: **passed**" || { failed=1; say "Verdict: **FAILED**"; }
keep quickstart
