#!/usr/bin/env bash
# Fan-out of a workflow: headroom-lab's scenario at its full size.
. "$(dirname "$0")/lab.sh"

lab fanout headroom-file,headroom-hidden,nolimit "Fan-out of a workflow"
