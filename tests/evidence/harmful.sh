#!/usr/bin/env bash
# What neighbours waited, and what the daemon says of it, under a policy that harms them: 15 minutes.
. "$(dirname "$0")/lab.sh"

lab harmful harmful "The judge, where there is harm"
