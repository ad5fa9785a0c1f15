#!/usr/bin/env bash
# Load states under real load, and neighbours that are nobody's victims. About two and a half minutes.
. "$(dirname "$0")/lib.sh"

title "Load states and revocation"
say "Real load drives the whole engine through the node's load states; the step holds a lease when overload begins. What was"
say "read is recorded and fed to a fresh model again, as it was and with every reading changed by up to 2 %."
say ""
table 'LoadStatesTest.*' '| what | measured |' \
  "the states in order, everything back within one tick of overload, no other path with +-2 %."
say "## Who waits for itself"
say ""
say "A step that borrows all the time, beside a neighbour that waits: for its own quota (0.3 cores, two threads on a CPU of"
say "its own), or for its own eight threads (2 ms each every 50 ms, all at once on two CPUs)."
say ""
table 'NeighbourTest.*' '| neighbour | judge | leased | revoked |' "no lease is revoked for harm."
keep states
