#!/usr/bin/env bash
# How soon a burst has the CPU that it wants, under every policy that moves quotas. 45 minutes.
. "$(dirname "$0")/lab.sh"

lab first_relief headroom,headroom-hidden,koordinator,captain,quota_turbo,kernel_burst "First relief of a burst"
