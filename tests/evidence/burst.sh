#!/usr/bin/env bash
# Kernel burst for jobs shorter than a period. About twenty seconds.
. "$(dirname "$0")/lib.sh"

title "Kernel burst without a lease"
say "30 jobs an arm of 70 ms of CPU each, at least 300 ms apart at random phase, under pod and container limits of"
say "50 ms / 100 ms; the arms take turns. In the first, headroomd keeps a burst of half the quota on container and pod"
say "(its class may use no more than its own limit, so there is nothing to lend). KERNEL 9: a container's burst is void"
say "under a finite pod quota."
say ""
table 'BurstTest.*' '| burst on | jobs | mean, ms | worst, ms | throttled periods, container | pod |' \
  "both levels: each job <= 80 ms, no throttled period at either level; the other two: mean >= 85 ms, worst >= 110 ms."
keep burst
