#!/usr/bin/env bash
# Steps in Guaranteed pods: 25 minutes where the first run counts.
. "$(dirname "$0")/lab.sh"

lab guaranteed_pod headroom-file,koordinator,nolimit "Steps in Guaranteed pods"
