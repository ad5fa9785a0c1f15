#!/usr/bin/env bash
# How long a step is throttled that bursts after idleness, among 1000 idle groups. About two minutes.
. "$(dirname "$0")/lib.sh"

title "Relief of a burst after idleness"
say "A step of limit 0.5 (container and pod), idle for 10 s among 1000 idle containers that may borrow as well, then"
say "bursts with four threads. *Throttled* is what the kernel counts (\`cpu.stat\`, container and pod together, summed over"
say "CPUs) until the raised quota stands; *relief* is when it stands, after the burst's begin. The kernel burst that the"
say "daemon keeps on both levels carries the first 75 ms of CPU."
say ""
table 'ReliefTest.*' '| burst | throttled before relief, ms | relief after, ms | throttled in all, ms | 4 x 250 ms of CPU took, ms |' \
  "throttled for at most 100 ms before relief, every time."
keep relief
