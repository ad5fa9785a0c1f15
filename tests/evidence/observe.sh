#!/usr/bin/env bash
# CPU sets, and 60 s of observe with two witnesses of writes. About a minute and a half.
. "$(dirname "$0")/lib.sh"

title "CPU sets, and observe"
say "Two steps of limit 0.2 that want more; a protected neighbour fills CPU 0, to which one of the steps is confined"
say "(cpuset). First in enforce, then the same scenario in observe: a hook at the daemon's only write call, and inotify on"
say "every directory of the tree in every hierarchy (seen to see a write before)."
say ""
table 'CpusetTest.*' '| what | measured |' \
  "no lease for the confined step while the other has one; in 60 s of observe no write in the whole tree, by either witness."
keep observe
