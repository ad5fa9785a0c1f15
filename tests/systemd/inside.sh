#!/usr/bin/env bash
# In the guest: every check a function of inside_*.sh, in this order; each says `ok:` or `FAILED:` with its figures, and none keeps the next
# from running. One that needs a lease makes a step: a unit that may use a fifth of a CPU and wants all of one.
cd /checks || exit 1
all="install lends scope service first_class daemon_reload set_property lowered user_manager killed frozen reload_refused reload_taken"
all+=" guard_killed no_bus journal upgrade purge"
group=/sys/fs/cgroup/dflow.slice/step.service
own="20000 100000"             # cpu.max
untouched="$own 0 100"         # and cpu.max.burst, cpu.weight: all that is lent by
bad=0 patience=400 history=/run/history
exec {never}<> <(:)

say() { printf '%s\n' "$*"; }
nap() { read -rt "$1" -u "$never" || true; }   # without a process, which is dear here
now() { local up; read -r up _ </proc/uptime; say $((10#${up/./} * 10)); }   # ms since boot, as systemd's Monotonic timestamps
limit() { cat $group/cpu.max; }
lent() { lent_above 20000; }
lent_above() { local quota; read -r quota _ <$group/cpu.max && { [ "$quota" = max ] || [ "$quota" -gt "$1" ]; }; }
restored() { reads "$own"; }
reads() { [ "$(limit)" = "$1" ]; }
files() { local max burst weight; read -r max <$group/cpu.max && read -r burst <$group/cpu.max.burst && read -r weight <$group/cpu.weight && say "$max $burst $weight"; }
all_restored() { [ "$(files)" = "$untouched" ]; }
lent_by_all() {   # lent_by_all: quota, burst and weight are all three ours
  local quota period burst weight
  read -r quota period burst weight < <(files) && [ "$quota" -gt 20000 ] && [ "$period" = 100000 ] && [ "$burst" -gt 0 ] && [ "$weight" -lt 100 ]
}
told() { headroomctl status -o json | jq -r "$1"; }
because() { headroomctl explain "${group#/sys/fs/cgroup/}" -o json | jq -er "$1"; }   # fails on null
main_of() { systemctl show -P MainPID "$1"; }
ms_of() { say $(($(systemctl show -P "$1TimestampMonotonic" "$2") / 1000)); }
again() { local pid; pid=$(main_of "$2"); [ "$pid" != 0 ] && [ "$pid" != "$1" ]; }   # again PID UNIT: another process than that one
counted() {  # counted METRIC [TEXT]: of all its series, or those with that text
  curl -s 127.0.0.1:9478/metrics | awk -v name="$1" -v with="${2:-}" '$1 ~ "^" name "[{ ]" && index($0, with) {n += $2} END {print n + 0}'
}
said() {   # said UNIT MS [ARGUMENT...]: of journalctl: what it has said since then, with ms since boot in front
  local unit=$1 since=$2
  shift 2
  journalctl -b -u "$unit" -o json --no-pager "$@" | jq -r "select((.__MONOTONIC_TIMESTAMP | tonumber) >= $since * 1000) |
    ((.__MONOTONIC_TIMESTAMP | tonumber) / 1000 | floor | tostring) + \" \" + (.MESSAGE // \"\" | tostring)"
}
first_said() { said "$1" "$2" | grep -m1 "$3"; }   # first_said UNIT MS PATTERN
enforcing() { [ "$(told .mode)" = enforce ] && [ "$(told .guardUp)" = true ]; }

ended() { ! kill -0 "$1"; }

eventually() {  # eventually SECONDS COMMAND...
  local end=$(($(now) + $1 * 1000))
  shift
  until "$@" 2>/dev/null; do [ "$(now)" -lt $end ] || return 1; nap 0.1; done
}

expect() {  # expect WHAT COMMAND...
  local what=$1
  shift
  if "$@" >/dev/null; then say "ok: $check: $what"; else say "FAILED: $check: $what"; bad=$((bad + 1)); fi
}

configure() {  # configure [SED...]: enforce for dflow.slice, changed by these
  local expressions=(-e '')
  for one in "$@"; do expressions+=(-e "$one"); done
  sed "${expressions[@]}" - >/etc/headroom/new <<'CONFIG' && mv /etc/headroom/new /etc/headroom/headroom.yaml
version: 1
mode: enforce
log: {level: info}
# An emulated machine is late, and everybody on it waits.
contract: {addedWait: 10%}
tuning: {punctuality: 1000, harmWindow: 1000, harmBackoff: 100}
classes:
  - name: server   # first: it lies in the slice of the steps, and is no step
    match: [{unit: server.service}]
  - name: render
    match: [{unit: "render@*.service"}]
    borrow: {upTo: 2 cores, start: 5s, credit: 100 cpu-min, visibility: file}
  - name: step
    match: [{slice: dflow.slice}]
    borrow: {upTo: 2 cores, start: 5s, credit: 100 cpu-min, visibility: file}
    weight: lower
  - name: checks   # nobody that a lease would end for
    match: [{path: "checks.slice/*"}]
    borrow: {upTo: 1 cores}
CONFIG
}

busy() { touch /run/busy; echo go >/run/go; }
rest() { rm -f /run/busy; }
work='while read -r _; do while [ -e /run/busy ]; do :; done; done <>/run/go'

begin_step() {  # begin_step [ARGUMENT...]: of systemd-run; until it is lent to, and every change of its files is kept from now on
  enforcing || { configure && systemctl reload headroomd && eventually 20 enforcing; }
  [ $# -gt 0 ] || set -- --unit=step --slice=dflow.slice
  # Somebody beside it who is protected: the step's weight is lowered against him.
  systemctl is-active --quiet server || systemd-run --quiet --unit=server --slice=dflow.slice \
    sh -c 'while :; do i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; sleep 0.1; done'
  case "$*" in
    *--scope*) systemd-run --quiet "$@" -p CPUQuota=20% sh -c "$work" & ;;
    *) systemd-run --quiet "$@" -p CPUQuota=20% sh -c "$work" ;;
  esac
  eventually 20 test -d $group
  busy
  keep_history &   # until the step has ended
  eventually 60 lent || { say "FAILED: $check: no lease within 60 s: $(because .explanation.decision)"; bad=$((bad + 1)); return 1; }
}

keep_history() {
  local last='' value burst weight
  while value=$(<$group/cpu.max) && read -r burst <$group/cpu.max.burst && read -r weight <$group/cpu.weight; do
    value+=" $burst $weight"
    [ "$value" = "$last" ] || say "$(now) $value"
    last=$value
    nap 0.02
  done >$history 2>/dev/null
}

since() {  # since MS: what held then, and every change after it
  awk -v t="$1" '$1 < t {old = $0} $1 >= t {if (old) print old; old = ""; print} END {if (old) print old}' $history
}
least_since() { since "$1" | cut -d' ' -f2- | sort -n | head -1; }
first_own() { since "$1" | awk -v own="$own" '$2 " " $3 == own {print $1; exit}'; }
first_untouched() { awk -v t="$1" -v all="$untouched" '$1 >= t && $2 " " $3 " " $4 " " $5 == all {print $1; exit}' $history; }
never_own_since() { [ -z "$(first_own "$1")" ]; }

end_step() {
  rest
  systemctl stop step.service step.scope server.service 'render@*.service' 2>/dev/null
}

values() { find /sys/fs/cgroup -name cpu.max -o -name cpu.max.burst -o -name cpu.weight | sort | xargs grep -H .; }

apt_get() { apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/run/apt.log 2>&1 </dev/null; }

more() {  # more SECONDS: what there is to know of the last SECONDS
  say "-- journal"
  journalctl -b --since "-$1s" -u headroomd -u headroom-guard -o short-monotonic --no-pager | tail -60
  [ ! -s $history ] || { say "-- files (ms since boot, quota, period, burst, weight)"; tail -40 $history; }
  [ ! -s /run/apt.log ] || { say "-- apt"; tail -20 /run/apt.log; }
}

begin_anew() {   # what failed does not make the next fail
  systemctl kill -s SIGKILL headroomd headroom-guard
  systemctl reset-failed headroomd
  systemctl restart headroomd
} 2>/dev/null

finish() {
  say "checks: exit status $1"
  nap 2   # what is in the console's queue goes with the power
  exit
}

# shellcheck source=inside_lends.sh
. ./inside_lends.sh
# shellcheck source=inside_writers.sh
. ./inside_writers.sh
# shellcheck source=inside_service.sh
. ./inside_service.sh

eval "set -- $(cat arguments)"
if [ "${1:-}" = --shell ]; then
  shift
  mkfifo /run/go
  if [ $# = 0 ]; then bash -i; else bash -c "$*"; fi
  finish $?
fi
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $all
mkfifo /run/go
set -m   # so that a check that does not end can be ended with all that it has started
failed=0
say "guest: Linux $(uname -r | cut -d- -f1), cgroup $(stat -f -c %T /sys/fs/cgroup), $(nproc) CPUs, $(systemctl --version | head -1)"
for check in "$@"; do
  began=$(now)
  say "== $check ($((began / 1000)) s)"
  rm -f $history /run/apt.log
  declare -F "check_$check" >/dev/null || { say "FAILED: no check \"$check\"; one of: $all"; failed=$((failed + 1)); continue; }
  ("check_$check"; exit $bad) &
  eventually $patience ended $! || { kill -KILL -- -$!; say "FAILED: $check: it did not end within $patience s"; }
  wait $! || { failed=$((failed + 1)) && more $((($(now) - began) / 1000 + 1)) && begin_anew; }
  end_step
done
say "$(($# - failed)) checks passed, $failed failed"
finish $((failed > 0))
