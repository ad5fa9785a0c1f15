#!/usr/bin/env bash
# What each mechanism of the policy earns, simulated: docs/measured/mechanisms.md. A few minutes, without root.
. "$(dirname "$0")/simulated.sh"

off="headroom@start=0s,headroom@hold=0,headroom@earlyPercent=100,headroom@burstPercent=0,headroom@weightEighths=8,headroom@harmBackoff=0;harmWindow=1000,headroom-file,headroom-hidden"
simulate "static,headroom,$off" tests/evidence/mechanisms.py
