#!/usr/bin/env bash
# Where a borrower's weight is lowered, and every way it comes back. About half a minute.
. "$(dirname "$0")/lib.sh"

title "Weights: lowered at one level, and back"
say "A contended Burstable pair: a pod with a sandbox, a step of limit 0.5 and an unlimited idle \`wait\` container (so the pod has"
say "no quota), against a neighbour in another Burstable pod that works 10 ms every 40 ms. KERNEL 21: only the pods'"
say "weights compete."
say ""
table 'SharesTest.*' '| what | measured |' \
  "the pod's weight is lowered and no other; back with the lease, back when the step gets less than its request, theirs stands, back by the guard."
keep shares
