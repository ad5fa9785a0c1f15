#!/usr/bin/env bash
# Starts under a limit of 100m: headroom-lab's scenario at its full size.
. "$(dirname "$0")/lab.sh"

lab startup static,headroom,koordinator,nolimit "Starts under a limit of 100m"
