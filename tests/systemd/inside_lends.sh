# shellcheck shell=bash disable=SC2154
# Sourced by inside.sh. Who is lent to, of all that systemd calls a unit, and whose limit is put back.

check_install() {
  expect "apt-get install ./headroom_*.deb, without a network" apt_get install -y ./headroom_*.deb
  for unit in headroomd headroom-guard; do
    state="$(systemctl is-active $unit), $(systemctl is-enabled $unit)"
    expect "$unit: $state" [ "$state" = "active, enabled" ]
    expect "$unit: $(exposure $unit | tail -1)" exposure $unit
    expect "$unit runs as it was judged: $(systemctl show -P FragmentPath $unit), drop-ins: $(systemctl show -P DropInPaths $unit)" as_judged $unit
    status=/proc/$(main_of $unit)/status
    expect "$unit runs with $(grep -E 'CapEff|NoNewPrivs|Seccomp:' "$status" | tr -s '\t\n' ' ')" \
      grep -q 'CapEff:.0000000000000000' "$status"
  done
  expect "systemctl status: $(systemctl status headroomd | grep Status: | tr -s ' ')" grep -q . <(systemctl show -P StatusText headroomd)
  expect "as it comes it observes: mode $(told .mode)" [ "$(told .mode)" = observe ]
  expect "no unit has failed: $(systemctl --failed --quiet --plain)" [ -z "$(systemctl --failed --quiet --plain)" ]
}

exposure() { systemd-analyze security --offline=yes --threshold=25 "/lib/systemd/system/$1.service"; }
as_judged() {
  [ "$(systemctl show -P FragmentPath "$1")" = "/lib/systemd/system/$1.service" ] && [ -z "$(systemctl show -P DropInPaths "$1")" ] &&
    [ "$(systemctl show -P NeedDaemonReload "$1")" = no ]
}

check_lends() {
  configure
  expect "systemctl reload headroomd" systemctl reload headroomd
  eventually 20 enforcing
  expect "mode $(told .mode), guard up: $(told .guardUp) $(told .modeReason)" enforcing
  begin_step || return
  expect "systemd-run --slice, CPUQuota=20%: lent by quota, burst and weight while the node is idle: $(eventually 60 lent_by_all; files)" eventually 10 lent_by_all
  expect "under the very units that were judged" as_judged headroomd
  rests_and_wants_again
  expect "systemctl stop headroomd" systemctl stop headroomd
  expect "all of its own when that has returned: $(files)" all_restored
  expect "headroomd started again" systemctl start headroomd
}

rests_and_wants_again() {
  rest
  expect "back at $own when it rests: $(eventually 60 restored; limit)" restored
  eventually 10 own_weight
  expect "and at its own weight: $(files)" own_weight
  busy
  expect "lent again: $(eventually 60 lent; limit)" eventually 10 lent
}
own_weight() { [ "$(<$group/cpu.weight)" = 100 ]; }

# Everywhere, as dflow's debug mode runs a step.
check_scope() {
  group=/sys/fs/cgroup/dflow.slice/step.scope
  begin_step --scope --unit=step --slice=dflow.slice || return
  expect "systemd-run --scope --slice=dflow.slice: lent $(eventually 10 lent; limit)" eventually 10 lent
  rests_and_wants_again
}

check_service() {
  group="/sys/fs/cgroup/system.slice/system-render.slice/render@1.service"
  begin_step --unit=render@1 || return
  expect "a .service among the system's own, by its name: class $(because .group.class), lent $(eventually 10 lent; limit)" eventually 10 lent
  expect "its class is that whose unit: names it" [ "$(because .group.class)" = render ]
  rests_and_wants_again
}

check_first_class() {
  group=/sys/fs/cgroup/dflow.slice/render@2.service
  begin_step --unit=render@2 --slice=dflow.slice || return
  expect "two classes match, the first written holds: $(because .group.class)" [ "$(because .group.class)" = render ]
  configure '/- name: render/,/borrow/d' '$a\  - name: render\n    match: [{unit: "render@*.service"}]\n    borrow: {upTo: 2 cores}'
  systemctl reload headroomd
  expect "and the other one when that is written first: $(eventually 10 is_a step; because .group.class)" is_a step
  configure
  systemctl reload headroomd
}
is_a() { [ "$(because .group.class)" = "$1" ]; }

check_set_property() {
  local at
  begin_step || return
  eventually 30 lent_by_all
  systemctl set-property step.service CPUQuota=30% CPUWeight=200
  at=$(now)
  nap 10
  expect "never below the new 30000 from a second after it: least $(least_since $((at + 1000)))" never_below_30000 $((at + 1000))
  expect "and it is lent to again: $(eventually 30 lent_above 30000; limit)" lent_above 30000
  rest
  expect "back at the new limit when it rests: $(eventually 60 reads '30000 100000'; limit)" reads "30000 100000"
  systemctl stop headroomd
  expect "and all of it when the daemon has stopped: $(files)" [ "$(files)" = "30000 100000 0 200" ]
  systemctl start headroomd
}
never_below_30000() { since "$1" | awk '$2 != "max" && $2 < 30000 {low = 1} END {exit low}'; }

# Lower than the burst that stands: the kernel refuses systemd's one write, and systemd takes it for done.
check_lowered() {
  begin_step || return
  rest
  eventually 60 restored
  expect "a burst stands: $(eventually 20 bursts; cat $group/cpu.max.burst)" bursts
  systemctl set-property step.service CPUQuota=5% CPUQuotaPeriodSec=20ms
  expect "CPUQuota=5% over 20 ms: $(eventually 20 reads '1000 20000'; limit)" reads "1000 20000"
  expect "which the kernel had refused: $(said_of_step | grep vain | tail -1)" grep -q vain <(said_of_step)
  expect "$(headroomctl baseline step.service --quota 15%)" [ "$(systemctl show -P CPUQuotaPerSecUSec step.service)" = 150ms ]
  expect "and that is its own: $(eventually 20 reads '3000 20000'; limit)" reads "3000 20000"
  systemctl stop headroomd
  expect "also when the daemon has stopped: $(files)" [ "$(files)" = "3000 20000 0 100" ]
  systemctl start headroomd
}
bursts() { [ "$(cat $group/cpu.max.burst)" = 10000 ]; }
said_of_step() { journalctl -b -u headroomd -o cat --no-pager "HEADROOM_CONTAINER=/${group#/sys/fs/cgroup/}"; }

# A user's manager has a unit by the name of one of the system's: what is refused to it is not answered by the other's limit.
check_user_manager() {
  local its=/sys/fs/cgroup/dflow.slice/manager.service
  begin_step || return   # the system's step.service, of 20 %
  mkdir -p /run/user/0
  systemd-run --quiet --unit=manager --slice=dflow.slice -p Delegate=yes -E XDG_RUNTIME_DIR=/run/user/0 /lib/systemd/systemd --user
  expect "a user's manager runs: $(eventually 30 user show -P Version; user show -P Version)" user show -P Version
  group=$its/app.slice/step.service
  user_run --quiet --unit=step -p CPUQuota=10% sh -c "$work"
  eventually 20 test -d $group
  expect "its step.service: $(user show -P CPUQuotaPerSecUSec step.service)" [ "$(user show -P CPUQuotaPerSecUSec step.service)" = 100ms ]
  expect "of a class that lends, a burst stands: $(eventually 40 has_burst; files)" has_burst
  user set-property --runtime step.service CPUQuota=2%
  nap 5
  expect "2 % are refused to it, and it is not given the other's 20 %: $(limit)" reads "10000 100000"
  expect "the daemon does not call it systemd's: $(said_of_step | tail -1)" grep -q looks_like=unknown <(said_of_step)
  systemctl stop manager
}
user() { XDG_RUNTIME_DIR=/run/user/0 systemctl --user "$@"; }
user_run() { XDG_RUNTIME_DIR=/run/user/0 systemd-run --user "$@"; }
has_burst() { [ "$(<$group/cpu.max.burst)" -gt 2000 ]; }
