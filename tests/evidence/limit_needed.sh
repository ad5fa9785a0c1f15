#!/usr/bin/env bash
# Tenants that take all they can get: 30 minutes where the first run counts.
. "$(dirname "$0")/lab.sh"

lab limit_needed headroom,koordinator,nolimit,nolimit_low "Tenants that take all they can get"
