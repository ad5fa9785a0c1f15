#!/usr/bin/env bash
# A step that takes all it can get: headroom-lab's scenario at its full size.
. "$(dirname "$0")/lab.sh"

lab greedy headroom,nolimit,nolimit_low "A step that takes all it can get"
