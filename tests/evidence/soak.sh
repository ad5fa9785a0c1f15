#!/usr/bin/env bash
# Two hours of 50 container starts a second and a reload every 10 s beside a lending daemon: docs/measured/soak.md.
#   HEADROOM_SOAK_SECONDS   of churn (7200)
#   HEADROOM_SOAK_BASELINE  of the same without churn (a quarter of it)
#   HEADROOM_SOAK_RATE      container starts a second (50)
#   HEADROOM_SOAK_RUNC      `no`: without the one start a second by runc itself (also where there is no runc)
#   HEADROOM_SOAK_BAR       per cent that may change between the second and the last tenth (1); beyond 1 lateness is not
#                           judged: a smoke
#   HEADROOM_BIN            directory of the programs (build/release/bin)
#   HEADROOM_RESUME         a directory that keeps rows and daemons' places: a run that was stopped goes on where it was,
#                           with the same daemon; a phase whose daemon has died begins again
#   HEADROOM_OUT            where the table goes (docs/measured/soak.md)
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${HEADROOM_BIN:-build/release/bin}") out=${HEADROOM_OUT:-docs/measured/soak.md}
seconds=${HEADROOM_SOAK_SECONDS:-7200} rate=${HEADROOM_SOAK_RATE:-50} bar=${HEADROOM_SOAK_BAR:-1} rc=0
baseline=${HEADROOM_SOAK_BASELINE:-$((seconds / 4))}
dir=${HEADROOM_RESUME:-} keep=1
[ -n "$dir" ] || { dir=$(mktemp -d /run/headroom-soak-XXXXXX) && keep=0; }
mkdir -p "$dir"
rows=$dir/rows root=headroom-soak churn=$bin/headroom-churn
touch "$rows"

pid_of() { cat "$dir/$1/pid" 2>/dev/null; }
alive() { [ -n "$(pid_of "$1")" ] && [ "$(cat "/proc/$(pid_of "$1")/comm" 2>/dev/null)" = headroomd ]; }
done_of() { awk -v p="$1" '$1 == "row" && $2 == p {t = $3} END {print t + 0}' "$rows"; }

config() {  # config CORES-OF-ANOTHER-CLASS HOLD PORT
  cat <<CONFIG
version: 1
mode: enforce
policy: headroom
listen: 127.0.0.1:$3
log: {level: warn}
node: {steal: 100%}
tuning: {hold: $2}
classes:
  - name: step
    match: [{path: "kubepods/burstable/*/*"}]
    borrow: {upTo: 2 cores, start: 2s, credit: 100 cpu-min}
  - name: other
    match: [{path: "elsewhere/*"}]
    borrow: {upTo: $1 cores}
CONFIG
}

start_daemon() {  # start_daemon PHASE
  local here=$dir/$1 port=$((20000 + RANDOM % 20000)) cgroup_root
  mkdir -p "$here"
  cgroup_root=$("$churn" --root $root --make) || return 1
  # Three that all differ: of a class that no container of these is in, and of the policy's tuning.
  config 2 1000 $port >"$here/version-1.yaml"
  config 3 1000 $port >"$here/version-2.yaml"
  config 3 900 $port >"$here/version-3.yaml"
  cp "$here/version-1.yaml" "$here/headroom.yaml"
  setsid "$bin/headroomd" --config "$here/headroom.yaml" --cgroup-root "$cgroup_root" --run-dir "$here/run" \
    --state-dir "$here/state" </dev/null >>"$here/log" 2>&1 &
  echo $! >"$here/pid"
  echo "$port" >"$here/port"
  for _ in $(seq 100); do
    grep -q 'not enforcing' "$here/log" && break
    [ -S "$here/state/control.sock" ] && return 0
    kill -0 "$(pid_of "$1")" 2>/dev/null || break   # not alive(): it may still be on its way to its program
    sleep 0.1
  done
  cat "$here/log"
  return 1
}

stop_daemon() {  # stop_daemon PHASE: SIGTERM, and until it is gone
  alive "$1" || return 0
  kill "$(pid_of "$1")"
  for _ in $(seq 100); do alive "$1" || return 0; sleep 0.1; done
  kill -KILL "$(pid_of "$1")"
}

make_bundles() {  # four, so that one may still be ending while the next starts
  local i uid id
  command -v runc >/dev/null && [ "${HEADROOM_SOAK_RUNC:-yes}" != no ] || return 1
  for i in 0 1 2 3; do
    uid=$(printf 'cccccccc-0000-4000-a000-%012x' "$i") id=$(printf 'c%063x' "$i")
    mkdir -p "$dir/runc/bundle$i/rootfs/bin" || return 1
    cp "$(command -v busybox)" "$dir/runc/bundle$i/rootfs/bin/busybox" || return 1
    (cd "$dir/runc/bundle$i" && rm -f config.json && runc spec) || return 1
    python3 - "$dir/runc/bundle$i/config.json" "/$root/kubepods/burstable/pod$uid/$id" <<'PYTHON' || return 1
import json, sys
path, group = sys.argv[1:]
spec = json.load(open(path))
spec["process"].update(terminal=False, args=["/bin/busybox", "sleep", "0.5"])
spec["linux"]["cgroupsPath"] = group
spec["linux"]["resources"]["cpu"] = {"shares": 205, "quota": 20000, "period": 100000}
json.dump(spec, open(path, "w"))
PYTHON
  done
}

phase() {  # phase NAME SECONDS RATE
  local name=$1 length=$2 speed=$3 at more=()
  at=$(done_of "$name")
  [ $((length - at)) -le 2 ] && return 0
  if ! alive "$name"; then
    [ "$at" = 0 ] || { echo "the daemon of phase $name has died: it begins again"; sed -i "s/^row $name /lost $name /" "$rows"; at=0; }
    start_daemon "$name" || return 1
  fi
  [ "$speed" != 0 ] && make_bundles && more+=(--runc "$dir/runc")
  "$churn" --root $root --phase "$name" --per-second "$speed" --seconds $((length - at)) --offset "$at" --rows "$rows" \
    --pid "$(pid_of "$name")" --port "$(cat "$dir/$name/port")" --config "$dir/$name/headroom.yaml" \
    --version "$dir/$name/version-1.yaml" --version "$dir/$name/version-2.yaml" --version "$dir/$name/version-3.yaml" "${more[@]}" || return 1
  stop_daemon "$name"
}

clean_up() {
  local group
  "$churn" --root $root --remove
  for group in /sys/fs/cgroup/*/$root; do   # runc makes its groups in every hierarchy
    [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
  done
  [ "$keep" = 1 ] || rm -rf "$dir"
}

stopped() { echo "stopped; HEADROOM_RESUME=$dir goes on"; exit 130; }
if [ "$keep" = 1 ]; then trap stopped INT TERM; else trap 'stop_daemon calm; stop_daemon churn; clean_up; exit 130' INT TERM; fi

phase calm "$baseline" 0 && phase churn "$seconds" "$rate" || { echo "not finished; the daemons said:"; tail -n 20 "$dir"/*/log; rc=1; }

# mean PHASE COLUMN FROM TO: of the rows in these parts of the phase, in per cent
mean() {
  awk -v p="$1" -v c="$2" -v a="$3" -v b="$4" '$1 == "row" && $2 == p {t[n] = $3; v[n++] = $c; if ($3 > end) end = $3}
    END {for (i = 0; i < n; i++) if (t[i] * 100 >= a * end && t[i] * 100 <= b * end) {s += v[i]; k++} printf "%.2f", k ? s / k : 0}' "$rows"
}
change() { awk -v a="$1" -v b="$2" 'BEGIN {printf("%.2f", (a > 0 ? 100 * (b - a) / a : 100))}'; }
# late PHASE COLUMN: a minute
late() { awk -v p="$1" -v c="$2" '$1 == "row" && $2 == p {if (!n++) {t0 = $3; v0 = $c} t = $3; v = $c} END {printf("%.3f", (t > t0 ? 60 * (v - v0) / (t - t0) : 0))}' "$rows"; }
last() { awk -v p="$1" -v c="$2" '$1 == "row" && $2 == p {v = $c} END {print v + 0}' "$rows"; }
total() { awk -v p="$1" -v c="$2" '$1 == "row" && $2 == p {if ($c < v) s += v; v = $c} END {print s + v + 0}' "$rows"; }
within() { awk -v x="$1" -v b="$bar" 'BEGIN {print (x < b && x > -b) ? "met" : "NOT MET"}'; }

sent=$(total churn 16) taken=$(($(last churn 10) - 1))
reloaded="NOT MET: want 95 % of them"
[ "$sent" -gt 0 ] && [ $((taken * 100)) -ge $((sent * 95)) ] && reloaded=met
{
  cat <<TABLE
# Soak

\`./test.sh evidence soak\`: $(done_of churn) s of $rate container starts a second beside a lending \`headroomd\` (mode enforce):
directories with a process each at Kubernetes paths in every hierarchy, in runc's order and at its distances (pod with its
limits, container 20 ms later with its process, shares 14 ms after that, quota 10 ms after that), gone after a second, one in
ten busy for 30 ms of CPU; one start a second by \`runc run\`$([ "$(total churn 14)" -gt 0 ] || echo " (left out: no runc)"); every 10 s the configuration is
replaced by another one (another class, or the tuning), every second time with a SIGHUP; four pods that burst all the time; a scrape every 15 s. Before it $(done_of calm) s of the same without the starts. Rows are taken every 2 s.

Linux $(uname -r | cut -d- -f1), $(nproc) CPUs. $(total churn 11) starts, $(total churn 12) refused by the kernel, $(total churn 13) left out because the generator was behind,
$(total churn 14) by runc ($(total churn 15) failed). Configurations put in place: $sent; taken up, by the daemon's count of generations: $taken ($reloaded).

| part of the soak | file descriptors | RSS, KiB | series |
|---|---|---|---|
TABLE
  for part in 0 1 2 3 4 5 6 7 8 9; do
    echo "| tenth $((part + 1)) | $(mean churn 4 $((part * 10)) $((part * 10 + 10))) | $(mean churn 5 $((part * 10)) $((part * 10 + 10))) | $(mean churn 6 $((part * 10)) $((part * 10 + 10))) |"
  done
  # Too short for tenths: its halves, and without the series, which a reload in the second one adds.
  early="10 20" lately="90 100" which="second tenth to last"
  [ "$bar" = 1 ] || { early="0 50" lately="50 100" which="first half to second"; }
  # shellcheck disable=SC2086
  fds=$(change "$(mean churn 4 $early)" "$(mean churn 4 $lately)") rss=$(change "$(mean churn 5 $early)" "$(mean churn 5 $lately)")
  # shellcheck disable=SC2086
  series=$(change "$(mean churn 6 $early)" "$(mean churn 6 $lately)")
  flat=$(within "$series")
  [ "$bar" = 1 ] || flat="not judged"
  echo "| $which | $fds % ($(within "$fds")) | $rss % ($(within "$rss")) | $series % ($flat) |"
  echo
  echo "| ticks that began late, a minute | without churn | with churn |"
  echo "|---|---|---|"
  echo "| by more than 10 ms | $(late calm 8) | $(late churn 8) |"
  echo "| by more than 25 ms (lending stops at 30) | $(late calm 9) | $(late churn 9) |"
  echo "| ticks in all | $(late calm 7) | $(late churn 7) |"
  echo
  # Counts of rare events: two standard errors of the difference are noise, by the rate of both together, because a
  # phase in which none came would else be taken for one in which none can come.
  verdict=$(awk -v a="$(late calm 9)" -v b="$(late churn 9)" -v ta="$(done_of calm)" -v tb="$(done_of churn)" 'BEGIN {
    ta = ta / 60 + 0.001; tb = tb / 60 + 0.001; rate = (a * ta + b * tb) / (ta + tb); error = 2 * sqrt(rate / ta + rate / tb)
    print (b <= a) ? "met" : (b - a <= error) ? "met, within two standard errors" : "NOT MET"}')
  [ "$bar" = 1 ] || verdict="not judged"
  echo "No more late ticks (25 ms) a minute than without churn: $verdict. Bar of the first table: less than $bar % between the second and the last tenth."
} >"$out.new"
grep -q 'NOT MET' "$out.new" && rc=1
mv "$out.new" "$out"
cat "$out"
if [ $rc = 0 ] || [ "$keep" = 0 ]; then
  stop_daemon calm
  stop_daemon churn
  clean_up
fi
exit $rc
