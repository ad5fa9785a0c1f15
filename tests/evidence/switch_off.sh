#!/usr/bin/env bash
# Two hundred leases out, and switched off by a file and by a ConfigMap. About half a minute.
. "$(dirname "$0")/lib.sh"

title "Switched off: what is lent comes back"
say "200 pods of one container, each raised by \`policy: koordinator\` (their limits are a thousandth of a CPU, so that the node stays"
say "idle). The time runs from the moment at which the file is made, or the mount's \`..data\` is swapped, and so holds the time until"
say "the daemon sees it: up to 100 ms for the file."
say ""
table 'SwitchOff.*' '| what | measured |' \
  "file \`off\` 300 ms (of which 200 after it is seen); ConfigMap 1200 ms (in force within 1 s, then 200 ms); still off after a restart."
keep switch_off
