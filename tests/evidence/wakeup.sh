#!/usr/bin/env bash
# Neighbours that wake together: headroom-lab's scenario at its full size.
. "$(dirname "$0")/lab.sh"

lab wakeup headroom,nolimit "Neighbours that wake together"
