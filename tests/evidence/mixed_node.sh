#!/usr/bin/env bash
# Steps, services and batch of several kinds, under every policy: 40 minutes where the first run counts.
. "$(dirname "$0")/lab.sh"

lab mixed_node headroom,koordinator,captain,quota_turbo,kernel_burst,nolimit,nolimit_low "A mixed node"
