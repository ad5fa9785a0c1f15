#!/usr/bin/env bash
# How much of what anybody could gain each arm gets, simulated: docs/measured/oracle.md. A few minutes, without root.
. "$(dirname "$0")/simulated.sh"

simulate static,headroom,koordinator,captain,quota_turbo,kernel_burst,nolimit,nolimit_low,oracle tests/evidence/oracle.py
