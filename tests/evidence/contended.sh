#!/usr/bin/env bash
# The same beside a best-effort hog: headroom-lab's scenario at its full size.
. "$(dirname "$0")/lab.sh"

lab contended headroom-file "The same beside a best-effort hog"
