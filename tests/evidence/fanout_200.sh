#!/usr/bin/env bash
# A workflow of two hundred steps with a straggler: 20 minutes.
. "$(dirname "$0")/lab.sh"

lab fanout_200 headroom,koordinator,nolimit "A workflow of two hundred steps"
