# shellcheck shell=bash disable=SC2154
# Sourced by inside.sh. The service: its configuration, what it says, its package.

check_reload_refused() {
  local generation since
  begin_step || return
  take "$debug"
  generation=$(told .config.generation) since=$(now)
  sed 's/^mode:/moed:/' /etc/headroom/headroom.yaml >/etc/headroom/new && mv /etc/headroom/new /etc/headroom/headroom.yaml
  expect "leases outlive it: $(during_leases systemctl reload headroomd; ended_by_us "$since") ended by it" [ "$(ended_by_us "$since")" = 0 ]
  expect "refused: $(eventually 10 refused; told '.config.faults[0]')" refused
  expect "systemctl status says so:$(eventually 5 status_names_it; status_line)" status_names_it
  expect "the old one stays in force: generation $(told .config.generation), mode $(told .mode)" \
    [ "$(told .config.generation) $(told .mode)" = "$generation enforce" ]
  configure
  systemctl reload headroomd
  expect "and a good one is taken: $(eventually 10 taken; told .config.faults)" taken
}
refused() { [ "$(told '.config.faults | length')" -gt 0 ]; }
taken() { [ "$(told '.config.faults | length')" = 0 ]; }
status_line() { systemctl status headroomd | grep Status: | tr -s ' '; }
status_names_it() { status_line | grep -q moed; }

debug='s/level: info/level: debug/'   # at which the daemon says of every lease why it ended
take() {  # take SED...: and the ceiling of another class, which is another one every time
  told .config.hash >/run/hash
  configure "$@" "s/upTo: 1 cores/upTo: 1.$((100 + RANDOM % 900)) cores/"
  systemctl reload headroomd
  eventually 10 another_than "$(cat /run/hash)"
}
another_than() { [ "$(told .config.hash)" != "$1" ]; }
during_leases() { for _ in 1 2 3; do eventually 30 lent; "$@"; nap 1; done; }   # during_leases COMMAND...
ended_by_us() { said headroomd "$1" HEADROOM_CONTAINER=/dflow.slice/step.service HEADROOM_REASON=end_off | wc -l; }   # since MS

check_reload_taken() {
  local since
  begin_step || return
  take
  since=$(now)
  nap 5
  expect "no debug lines at level info: $(debug_lines "$since")" [ "$(debug_lines "$since")" = 0 ]
  since=$(now)
  during_leases take "$debug"
  expect "debug lines at level debug: $(eventually 20 speaks_more "$since"; debug_lines "$since")" speaks_more "$since"
  expect "another class and log.level are changed while it is lent to: $(ended_by_us "$since") leases ended by it" [ "$(ended_by_us "$since")" = 0 ]
  expect "it is in force: configuration $(cat /run/hash), then $(told .config.hash)" another_than "$(cat /run/hash)"
  take "$debug" '/- name: step/,/weight/s/upTo: 2 cores/upTo: 0.5 cores/'
  expect "a change of its own class holds for it: at most 50000: $(eventually 30 lent_at_most_50000; limit)" eventually 10 lent_at_most_50000
  configure
  systemctl reload headroomd
}
debug_lines() { said headroomd "$1" "_SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID headroomd)" PRIORITY=7 | wc -l; }
speaks_more() { [ "$(debug_lines "$1")" -gt 0 ]; }
lent_at_most_50000() { local quota; lent && read -r quota _ <$group/cpu.max && [ "$quota" -le 50000 ]; }

check_journal() {
  begin_step || return
  systemctl daemon-reload   # ends the lease, which is told
  nap 3
  journalctl -b -u headroomd -o json --no-pager >/run/journal
  expect "$(lines_with .HEADROOM_KIND) lines with HEADROOM_KIND: $(jq -rs 'map(.HEADROOM_KIND // empty) | unique | join(" ")' /run/journal)" \
    [ "$(lines_with .HEADROOM_KIND)" -gt 0 ]
  all='.HEADROOM_CONTAINER and .HEADROOM_POLICY and .HEADROOM_REASON'
  expect "$(lines_with "$all") lines with HEADROOM_CONTAINER, HEADROOM_POLICY and HEADROOM_REASON: $(last_with "$all")" [ "$(lines_with "$all")" -gt 0 ]
  expect "journalctl finds the step's by them" grep -q . <(journalctl -b -u headroomd HEADROOM_CONTAINER=/dflow.slice/step.service HEADROOM_POLICY=headroom -o cat)
}
lines_with() { jq -s "map(select($1)) | length" /run/journal; }
last_with() { jq -rs "map(select($1)) | last | [.HEADROOM_CONTAINER, .HEADROOM_POLICY, .HEADROOM_REASON] | join(\" \")" /run/journal; }

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
  expect "and lends again: $(eventually 60 lent; limit)" eventually 10 lent
}

# What every group had with nothing of ours out, the step's among them, it has again. Those that came or went since are systemd's doing.
check_purge() {
  local left compared
  begin_step || return
  systemctl stop headroomd
  values >/run/values
  systemctl start headroomd
  expect "lent by quota, burst and weight: $(eventually 60 lent_by_all; files)" eventually 10 lent_by_all
  expect "apt-get purge headroom during a lease" apt_get purge -y headroom
  values >/run/values.after
  left=$(find / /run /tmp /dev/shm -xdev -path /checks -prune -o -iname '*headroom*' -print 2>/dev/null)
  expect "no file stays: $left" [ -z "$left" ]
  expect "no unit, no process: $(systemctl list-units --all --quiet --plain '*headroom*') $(pgrep -a headroom)" \
    [ -z "$(systemctl list-units --all --quiet --plain '*headroom*')$(pgrep headroom)" ]
  expect "the step's quota, burst and weight: $(files)" all_restored
  compared=$(awk -F: 'NR == FNR {was[$1] = $2; next} $1 in was {n++} END {print n + 0}' /run/values /run/values.after)
  left=$(awk -F: 'NR == FNR {was[$1] = $2; next} $1 in was && was[$1] != $2' /run/values /run/values.after)
  expect "$compared values of all groups are what they were: $left" [ -z "$left" ]
  expect "the step's are three of them" [ "$(grep -c step.service /run/values.after)" = 3 ]
}
