#!/usr/bin/env bash
# Two hundred short steps: 20 minutes.
. "$(dirname "$0")/lab.sh"

lab churn headroom,koordinator,nolimit "Two hundred short steps"
