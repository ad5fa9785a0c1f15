# shellcheck shell=bash disable=SC2154
# Sourced by inside.sh. systemd, who writes to the same files; and who puts them back when the daemon cannot.

check_daemon_reload() {
  local calm wrote ended unknown before unlent ours owners others named
  begin_step || return
  eventually 30 lent_by_all
  rounds 10 systemctl show -P Version   # what a lease writes by itself
  calm=$wrote unknown=$(counted headroom_foreign_writes_total unknown) ended=$(counted headroom_leases_revoked_total end_foreign)
  rounds 20 systemctl daemon-reload
  ended=$(($(counted headroom_leases_revoked_total end_foreign) - ended))
  unknown=$(($(counted headroom_foreign_writes_total unknown) - unknown))
  expect "$((20 - unlent)) of 20 reloads during a lease" [ $unlent = 0 ]
  expect "a second after each, quota, burst and weight: a lease $ours times, the owner's $owners, anything else $others" [ $others = 0 ]
  # A duel would be an answer to an answer. The writes are told and not judged: systemd at work is a neighbour that wakes.
  expect "no duel: $ended leases ended by 20 reloads ($wrote writes of ours, $calm in 10 rounds without a reload)" [ "$ended" -le 20 ]
  expect "systemd's writes are named as its own after $named of 20, $unknown as those of somebody else" [ $named = 20 ]
  expect "nobody else has written" [ "$unknown" = 0 ]
  expect "the lease came back: $(eventually 15 lent; limit)" eventually 10 lent
  expect "hands off is not entered: $(because .group.reason.because)" entered_no_hands_off
  rest
  expect "back at $own at the end: $(eventually 60 restored; limit)" restored
  systemctl stop headroomd
  expect "quota, burst and weight when the daemon has stopped: $(files)" all_restored
  systemctl start headroomd
}

rounds() {   # rounds N COMMAND...: each during a lease; counts what was seen a second later, and our writes in all
  local n=$1 i seen
  shift
  unlent=0 ours=0 owners=0 others=0 named=0 before=$(counted headroom_foreign_writes_total '"systemd"')
  wrote=$(counted headroom_cgroup_writes_total)
  for ((i = 0; i < n; i++)); do
    eventually 15 lent || unlent=$((unlent + 1))
    "$@" >/dev/null
    nap 1
    judge_files
    seen=$(counted headroom_foreign_writes_total '"systemd"')
    [ "$seen" = "$before" ] || named=$((named + 1))
    before=$seen
    nap "0.$((i % 10))"
  done
  wrote=$(($(counted headroom_cgroup_writes_total) - wrote))
}

# What the lease may be: above its own limit and at most 2 cores, a burst of at most its limit's half, its own weight or an eighth of it.
judge_files() {
  local quota period burst weight
  read -r quota period burst weight < <(files)
  if [ "$period" != 100000 ] || { [ "$weight" != 100 ] && [ "$weight" != 13 ]; } || [ "$burst" -gt 10000 ]; then others=$((others + 1))
  elif [ "$quota" = 20000 ]; then owners=$((owners + 1))
  elif [ "$quota" -gt 20000 ] && [ "$quota" -le 200000 ]; then ours=$((ours + 1))
  else others=$((others + 1)); fi
}
entered_no_hands_off() {
  local reason
  reason=$(because .group.reason.because) && [ -n "$reason" ] && [ "$reason" != refuse_hands_off ]
}

# By whom: the guard says that it has put something back, and who comes after it finds nothing.
check_killed() {
  local pid at back start post guards restore
  begin_step || return
  pid=$(main_of headroomd)
  systemctl log-level debug   # of PID 1, which then says when it starts whom
  expect "lent by quota, burst and weight: $(eventually 60 lent_by_all; files)" eventually 10 lent_by_all
  at=$(now)
  systemctl kill -s SIGKILL headroomd
  expect "systemd starts it again" eventually 60 again "$pid" headroomd
  systemctl log-level info
  back=$(first_untouched "$at") start=$(ms_of ExecMainStart headroomd)
  guards=$(first_said headroom-guard "$at" 'restored [1-9]')
  post=$(first_said headroomd "$at" 'About to execute.*--restore')
  restore=$(first_said headroomd "$at" 'put back')
  expect "quota, burst and weight are back at $untouched $((back - at)) ms after systemctl kill -s SIGKILL, $((start - back)) ms before the next start" \
    [ "${back:-$start}" -lt "$start" ]
  expect "by the guard: ${guards#* }" [ -n "$guards" ]
  expect "$(from "$guards" "$post") ms before systemd begins ExecStopPost" in_order "$guards" "$post"
  expect "which finds nothing left, nor does the next daemon: ${restore#* }" finds_nothing "$at"
  expect "and lends again: $(eventually 60 lent; limit)" eventually 10 lent
}

in_order() { [ -n "$1" ] && [ -n "$2" ] && [ "${1%% *}" -le "${2%% *}" ]; }   # of said
from() { [ -z "$1" ] || [ -z "$2" ] || say $((${2%% *} - ${1%% *})); }
finds_nothing() { said headroomd "$1" | grep 'put back' >/run/put_back && ! grep -qv 'nothing to put back' /run/put_back; }

check_frozen() {
  local pid at back start guards watchdog
  begin_step || return
  pid=$(main_of headroomd)
  expect "lent by quota, burst and weight: $(eventually 60 lent_by_all; files)" eventually 10 lent_by_all
  at=$(now)
  systemctl kill -s SIGSTOP headroomd
  expect "quota, burst and weight are back: $(eventually 20 all_restored; files)" all_restored
  back=$(first_untouched "$at")
  expect "$((back - at)) ms after systemctl kill -s SIGSTOP, while the daemon is still stopped" grep -q 'State:.T' "/proc/$pid/status"
  guards=$(first_said headroom-guard "$at" 'frozen: restored [1-9]')
  expect "by the guard: ${guards#* }" [ -n "$guards" ]
  expect "the watchdog has it started again" eventually 90 again "$pid" headroomd
  start=$(ms_of ExecMainStart headroomd)
  watchdog=$(first_said headroomd "$at" "Failed with result 'watchdog'")
  expect "$((start - at)) ms after SIGSTOP: ${watchdog#* }" [ -n "$watchdog" ]
  expect "the guard $(from "$guards" "$watchdog") ms before the watchdog" in_order "$guards" "$watchdog"
  expect "and lends again: $(eventually 60 lent; limit)" eventually 10 lent
}

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
  expect "systemd up: $(bus); it lends: $(eventually 10 lent; limit); $(systemctl show -P StatusText headroomd)" eventually 10 lent
  rest
  expect "back at $own when it rests: $(eventually 60 restored; limit)" restored
  systemctl start dbus.socket dbus.service
  expect "and the bus, when it is back: up $(eventually 30 hears_systemd; bus)" hears_systemd
}
bus() { told '.sources[] | select(.name == "systemd").up'; }
hears_systemd() { [ "$(bus)" = true ]; }
