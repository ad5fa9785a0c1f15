#!/usr/bin/env bash
# Fan-out beside a best-effort hog, under every policy: 45 minutes where the first run counts.
. "$(dirname "$0")/lab.sh"

lab contended headroom,headroom-file,koordinator,captain,quota_turbo,kernel_burst,nolimit,nolimit_low "The same beside a best-effort hog"
