#!/usr/bin/env bash
# In the guest: every check a function, in this order; each says `ok:` or `FAILED:` with its figures, and none keeps the next from running.
# One that needs a lease makes a step: a unit of dflow.slice that may use a fifth of a CPU and wants all of one.
cd /checks || exit 1
all="install lends daemon_reload set_property lowered killed frozen reload_refused reload_taken guard_killed no_bus journal upgrade purge"
step=/sys/fs/cgroup/dflow.slice/step.service
own="20000 100000"
bad=0 patience=300 history=/run/history
exec {never}<> <(:)

say() { printf '%s\n' "$*"; }
nap() { read -rt "$1" -u "$never" || true; }   # without a process, which is dear here
now() { local up; read -r up _ </proc/uptime; say $((10#${up/./} * 10)); }   # ms since boot, as systemd's Monotonic timestamps
limit() { cat $step/cpu.max; }
lent() { lent_above 20000; }
lent_above() { local quota; read -r quota _ <$step/cpu.max && { [ "$quota" = max ] || [ "$quota" -gt "$1" ]; }; }
restored() { reads "$own"; }
reads() { [ "$(limit)" = "$1" ]; }
told() { headroomctl status -o json | jq -r "$1"; }
main_of() { systemctl show -P MainPID "$1"; }
ms_of() { say $(($(systemctl show -P "$1TimestampMonotonic" "$2") / 1000)); }
again() { local pid; pid=$(main_of "$2"); [ "$pid" != 0 ] && [ "$pid" != "$1" ]; }   # again PID UNIT: another process than that one
counted() {  # counted METRIC [TEXT]: of all its series, or those with that text
  curl -s 127.0.0.1:9478/metrics | awk -v name="$1" -v with="${2:-}" '$1 ~ "^" name "[{ ]" && index($0, with) {n += $2} END {print n + 0}'
}

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

configure() {  # configure LEVEL: enforce, for dflow.slice
  cat >/etc/headroom/new <<CONFIG && mv /etc/headroom/new /etc/headroom/headroom.yaml
version: 1
mode: enforce
log: {level: $1}
# An emulated machine is late, and everybody on it waits.
contract: {addedWait: 10%}
tuning: {punctuality: 1000, harmWindow: 1000, harmBackoff: 100}
classes:
  - name: step
    match: [{slice: dflow.slice}]
    borrow: {upTo: 2 cores, start: 5s, credit: 100 cpu-min, visibility: file}
  - name: checks   # nobody that a lease would end for
    match: [{path: "checks.slice/*"}]
    borrow: {upTo: 1 cores}
CONFIG
}

busy() { touch /run/busy; echo go >/run/go; }
rest() { rm -f /run/busy; }

begin_step() {  # until it is lent to, and every change of its limit is kept from now on
  enforcing || { configure info && systemctl reload headroomd && eventually 20 enforcing; }
  systemd-run --quiet --unit=step --slice=dflow.slice -p CPUQuota=20% \
    sh -c 'while read -r _; do while [ -e /run/busy ]; do :; done; done <>/run/go'
  busy
  keep_history &   # until the step has ended
  eventually 60 lent || { say "FAILED: $check: no lease within 60 s"; bad=$((bad + 1)); return 1; }
}

keep_history() {
  local last='' value
  while read -r value <$step/cpu.max; do
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
never_own_since() { [ -z "$(first_own "$1")" ]; }

end_step() {
  rest
  systemctl stop step 2>/dev/null
}

values() {
  find /sys/fs/cgroup -name cpu.max -o -name cpu.max.burst -o -name cpu.weight | sort | xargs grep -H . | grep -v '/step.service/'
}

apt_get() { apt-get -qq -o Dpkg::Use-Pty=0 "$@" >/run/apt.log 2>&1 </dev/null; }

check_install() {
  expect "apt-get install ./headroom_*.deb, without a network" apt_get install -y ./headroom_*.deb
  for unit in headroomd headroom-guard; do
    state="$(systemctl is-active $unit), $(systemctl is-enabled $unit)"
    expect "$unit: $state" [ "$state" = "active, enabled" ]
    expect "$unit: $(exposure $unit | tail -1)" exposure $unit
    status=/proc/$(main_of $unit)/status
    expect "$unit runs with $(grep -E 'CapEff|NoNewPrivs|Seccomp:' "$status" | tr -s '\t\n' ' ')" \
      grep -q 'CapEff:.0000000000000000' "$status"
  done
  expect "systemctl status: $(systemctl status headroomd | grep Status: | tr -s ' ')" grep -q . <(systemctl show -P StatusText headroomd)
  expect "as it comes it observes: mode $(told .mode)" [ "$(told .mode)" = observe ]
  expect "no unit has failed: $(systemctl --failed --quiet --plain)" [ -z "$(systemctl --failed --quiet --plain)" ]
}

exposure() { systemd-analyze security --offline=yes --threshold=25 "/lib/systemd/system/$1.service"; }

check_lends() {
  configure info
  expect "systemctl reload headroomd" systemctl reload headroomd
  eventually 20 enforcing
  expect "mode $(told .mode), guard up: $(told .guardUp) $(told .modeReason)" enforcing
  begin_step || return
  nap 3
  expect "lent while the node is idle: $(limit)" lent
  rest
  expect "back at $own when it rests: $(eventually 60 restored; limit)" restored
  busy
  expect "lent again" eventually 60 lent
  expect "systemctl stop headroomd" systemctl stop headroomd
  expect "back at $own when that has returned: $(limit)" restored
  expect "headroomd started again" systemctl start headroomd
}
enforcing() { [ "$(told .mode)" = enforce ] && [ "$(told .guardUp)" = true ]; }

check_daemon_reload() {
  local calm wrote unknown began because ours=0 owners=0 others=0 i
  begin_step || return
  wrote=$(counted headroom_cgroup_writes_total)
  nap 20
  calm=$(($(counted headroom_cgroup_writes_total) - wrote))
  wrote=$(counted headroom_cgroup_writes_total) unknown=$(counted headroom_foreign_writes_total unknown) began=$(now)
  for ((i = 0; i < 20; i++)); do
    systemctl daemon-reload
    nap 1
    if restored; then owners=$((owners + 1)); elif lent; then ours=$((ours + 1)); else others=$((others + 1)); fi
    nap "0.$((i % 10))"
  done
  wrote=$(($(counted headroom_cgroup_writes_total) - wrote)) unknown=$(($(counted headroom_foreign_writes_total unknown) - unknown))
  began=$((($(now) - began) / 1000))
  expect "a second after each of 20 reloads: ours $ours times, the owner's $owners, another's $others" [ $others = 0 ]
  # Beside what the lease writes anyway: quota, burst and weight taken back, and lent again.
  expect "no duel: $wrote writes of ours in $began s, $calm in 20 s without reloads" [ "$wrote" -le $((calm * began / 20 + 20 * 6)) ]
  expect "$unknown writes counted as those of somebody who is not systemd" [ "$unknown" = 0 ]
  expect "the lease came back: $(eventually 15 lent; limit)" lent
  because=$(headroomctl explain dflow.slice/step.service -o json | jq -r '.group.reason.because // .reason.because')
  expect "hands off is not entered: $because" [ "$because" != refuse_hands_off ]
  rest
  expect "back at $own at the end: $(eventually 60 restored; limit)" restored
}

check_set_property() {
  begin_step || return
  systemctl set-property step.service CPUQuota=30%
  local at
  at=$(now)
  nap 10
  expect "never below the new 30000 from a second after it: least $(least_since $((at + 1000)))" never_below_30000 $((at + 1000))
  expect "and it is lent to again: $(eventually 30 lent_above 30000; limit)" lent_above 30000
  rest
  expect "back at the new limit when it rests: $(eventually 60 reads '30000 100000'; limit)" reads "30000 100000"
  systemctl stop headroomd
  expect "and when the daemon has stopped: $(limit)" reads "30000 100000"
  systemctl start headroomd
}
never_below_30000() { since "$1" | awk '$2 != "max" && $2 < 30000 {low = 1} END {exit low}'; }

# Lower than the burst that stands: the kernel refuses systemd's one write, and systemd takes it for done.
check_lowered() {
  begin_step || return
  rest
  eventually 60 restored
  expect "a burst stands: $(eventually 20 bursts; cat $step/cpu.max.burst)" bursts
  systemctl set-property step.service CPUQuota=5%
  expect "CPUQuota=5%: $(eventually 20 reads '5000 100000'; limit)" reads "5000 100000"
  expect "which the kernel had refused: $(said_of_step | grep vain | tail -1)" grep -q vain <(said_of_step)
  expect "$(headroomctl baseline step.service --quota 15%)" [ "$(systemctl show -P CPUQuotaPerSecUSec step.service)" = 150ms ]
  expect "and that is its own: $(eventually 20 reads '15000 100000'; limit)" reads "15000 100000"
  systemctl stop headroomd
  expect "also when the daemon has stopped: $(limit), burst $(cat $step/cpu.max.burst)" reads "15000 100000"
  systemctl start headroomd
}
bursts() { [ "$(cat $step/cpu.max.burst)" = 10000 ]; }
said_of_step() { journalctl -b -u headroomd -o cat --no-pager HEADROOM_CONTAINER=/dflow.slice/step.service; }

check_killed() {
  local pid at back start
  begin_step || return
  pid=$(main_of headroomd)
  eventually 30 lent
  at=$(now)
  kill -KILL "$pid"   # as `systemctl kill`, at once
  expect "systemd starts it again" eventually 60 again "$pid" headroomd
  back=$(first_own "$at") start=$(ms_of ExecMainStart headroomd)
  expect "back at $own $((back - at)) ms after the kill, $((start - back)) ms before the next start" [ "${back:-$start}" -lt "$start" ]
  expect "by the guard: $(guards_word)" grep -q 'restored [1-9]' <(guards_word)
  expect "and lends again: $(eventually 60 lent; limit)" lent
}

guards_word() { journalctl -b -u headroom-guard -o cat | tail -1; }

check_frozen() {
  local pid at back start
  begin_step || return
  pid=$(main_of headroomd)
  eventually 30 lent
  at=$(now)
  kill -STOP "$pid"
  expect "back at $own: $(eventually 20 restored; limit)" restored
  back=$(first_own "$at")
  expect "by the guard, $((back - at)) ms after SIGSTOP, while the daemon is still stopped" grep -q 'State:.T' "/proc/$pid/status"
  expect "the watchdog has it started again" eventually 90 again "$pid" headroomd
  start=$(ms_of ExecMainStart headroomd)
  expect "$((start - at)) ms after SIGSTOP: $(journalctl -b -u headroomd -o cat --no-pager | grep -i watchdog | tail -1)" \
    grep -q "Failed with result 'watchdog'" <(journalctl -b -u headroomd -o cat)
  expect "and lends again: $(eventually 60 lent; limit)" lent
}

check_reload_refused() {
  local generation
  begin_step || return
  generation=$(told .config.generation)
  sed 's/^mode:/moed:/' /etc/headroom/headroom.yaml >/etc/headroom/new && mv /etc/headroom/new /etc/headroom/headroom.yaml
  expect "a lease outlives it: least $(keeps_lease systemctl reload headroomd)" never_own_since "$(cat /run/at)"
  expect "refused: $(eventually 10 refused; told '.config.faults[0]')" refused
  expect "systemctl status says so: $(systemctl show -P StatusText headroomd)" grep -q moed <(systemctl show -P StatusText headroomd)
  expect "the old one stays in force: generation $(told .config.generation)" [ "$(told .config.generation)" = "$generation" ]
  configure info
  systemctl reload headroomd
  expect "and a good one is taken: $(eventually 10 taken; told .config.faults)" taken
}
refused() { [ "$(told '.config.faults | length')" -gt 0 ]; }
taken() { [ "$(told '.config.faults | length')" = 0 ]; }

keeps_lease() {  # keeps_lease COMMAND...: three times at most, since a neighbour may end a lease at any moment; says how low the limit was
  for _ in 1 2 3; do
    eventually 30 lent
    now >/run/at
    "$@"
    nap 3
    never_own_since "$(cat /run/at)" && break
  done
  least_since "$(cat /run/at)"
}

check_reload_taken() {
  begin_step || return
  expect "a lease outlives another log.level: least $(keeps_lease change_level)" never_own_since "$(cat /run/at)"
  expect "it is in force: configuration $(cat /run/hash), then $(told .config.hash)" another_than "$(cat /run/hash)"
  configure info
  systemctl reload headroomd
}
change_level() {
  told .config.hash >/run/hash
  if grep -q 'level: info' /etc/headroom/headroom.yaml; then configure debug; else configure info; fi
  systemctl reload headroomd
  eventually 10 another_than "$(cat /run/hash)"
}
another_than() { [ "$(told .config.hash)" != "$1" ]; }

check_guard_killed() {
  local pid
  pid=$(main_of headroom-guard)
  systemctl kill -s SIGKILL headroom-guard
  expect "systemd starts it again" eventually 30 again "$pid" headroom-guard
  expect "the daemon sees it: guardUp $(eventually 20 enforcing; told .guardUp)" enforcing
}

check_no_bus() {
  systemctl stop dbus.socket dbus.service
  systemctl restart headroomd
  begin_step || return
  nap 5
  expect "systemd up: $(bus); it lends: $(limit); $(systemctl show -P StatusText headroomd)" lent
  rest
  expect "back at $own when it rests: $(eventually 60 restored; limit)" restored
  systemctl start dbus.socket dbus.service
  expect "and the bus, when it is back: up $(eventually 30 hears_systemd; bus)" hears_systemd
}
bus() { told '.sources[] | select(.name == "systemd").up'; }
hears_systemd() { [ "$(bus)" = true ]; }

check_journal() {
  local lines fields
  begin_step || return
  systemctl daemon-reload   # ends the lease, which is told
  nap 3
  journalctl -b -u headroomd -o json --no-pager >/run/journal
  fields=$(jq -rs 'map(keys[] | select(startswith("HEADROOM"))) | unique | join(" ")' /run/journal)
  lines=$(jq -s 'map(select(.HEADROOM_KIND)) | length' /run/journal)
  expect "$lines lines with HEADROOM_KIND: $(jq -rs 'map(.HEADROOM_KIND // empty) | unique | join(" ")' /run/journal)" [ "$lines" -gt 0 ]
  lines=$(jq -s 'map(select(.HEADROOM_CONTAINER and .HEADROOM_REASON)) | length' /run/journal)
  expect "$lines lines with HEADROOM_CONTAINER and HEADROOM_REASON; fields: $fields" [ "$lines" -gt 0 ]
  expect "journalctl finds by them" grep -q . <(journalctl -b -u headroomd HEADROOM_KIND=start -o cat)
}

check_upgrade() {
  local daemon guard gone_daemon gone_guard guarded begun
  begin_step || return
  daemon=$(main_of headroomd) guard=$(main_of headroom-guard)
  expect "apt-get install --reinstall during a lease" apt_get install -y --reinstall ./headroom_*.deb
  expect "the daemon runs anew" again "$daemon" headroomd
  expect "its guard, too" again "$guard" headroom-guard
  gone_daemon=$(ms_of InactiveEnter headroomd) gone_guard=$(ms_of InactiveEnter headroom-guard)
  guarded=$(ms_of ActiveEnter headroom-guard) begun=$(ms_of ExecMainStart headroomd)
  expect "daemon gone, guard gone +$((gone_guard - gone_daemon)) ms, guard back +$((guarded - gone_guard)), daemon +$((begun - guarded))" \
    sort -nC <(printf '%s\n' "$gone_daemon" "$gone_guard" "$guarded" "$begun")
  expect "and lends again: $(eventually 60 lent; limit)" lent
}

check_purge() {
  local left
  systemctl stop headroomd
  values >/run/values
  systemctl start headroomd
  begin_step || return
  expect "apt-get purge headroom during a lease" apt_get purge -y headroom
  expect "back at $own: $(limit)" restored
  end_step
  left=$(find /etc /usr /var /run /tmp -iname '*headroom*' 2>/dev/null)
  expect "no file stays: $left" [ -z "$left" ]
  expect "no unit, no process: $(systemctl list-units --all --quiet --plain '*headroom*') $(pgrep -a headroom)" \
    [ -z "$(systemctl list-units --all --quiet --plain '*headroom*')$(pgrep headroom)" ]
  left=$(values | diff /run/values - | grep '^>' | grep -Ff <(cut -d: -f1 /run/values))
  expect "$(wc -l </run/values) limits and weights of others are what they were: $left" [ -z "$left" ]
}

more() {  # more SECONDS: what there is to know of the last SECONDS
  say "-- journal"
  journalctl -b --since "-$1s" -u headroomd -u headroom-guard -o short-monotonic --no-pager | tail -60
  [ ! -s $history ] || { say "-- limit (ms since boot, quota, period)"; tail -40 $history; }
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

eval "set -- $(cat arguments)"
if [ "${1:-}" = --shell ]; then
  shift
  if [ $# = 0 ]; then bash -i; else bash -c "$*"; fi
  finish $?
fi
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $all
mkfifo /run/go
set -m   # so that a check that does not end can be ended with all that it has started
failed=0
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
