#!/usr/bin/env bash
# Fan-out of a workflow, under every policy: 45 minutes where the first run counts.
. "$(dirname "$0")/lab.sh"

lab fanout headroom-file,headroom-hidden,koordinator,captain,quota_turbo,kernel_burst,nolimit,nolimit_low "Fan-out of a workflow"
