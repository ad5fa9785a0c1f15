#!/usr/bin/env bash
# A real one-node Kubernetes: over a hundred steps recognised, faults, the scheduler, the demonstration: docs/measured/cluster.md, and the
# page in build/cluster/demo. An hour and more, beside nothing else.
#   HEADROOM_CLUSTER_ROTATIONS   of the demonstration's arms (4)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1
demo=$top/build/cluster/demo
log=$(mktemp)
trap 'rm -f "$figures" "$log"' EXIT

part() {  # part NAME: runs it, and keeps what it checked
  tests/cluster/run.sh "$1" 2>&1 | tee "$log"
  [ "${PIPESTATUS[0]}" = 0 ] || failed=1
  say "## $1"
  say ""
}
checks() { say "$(sed -n 's/^ok: /- /p; s/^FAILED: /- **FAILED** /p' "$log")"; say ""; }

title "A real cluster"
say "Kubernetes 1.35, containerd, Argo Workflows 3.7, dflow, Debian's Docker: [cluster.md](../cluster.md) says what runs and how it is measured."
say ""
part demo
say "$(cat "$demo/table.md")"
say ""
checks
part engines && checks
export HEADROOM_CLUSTER_TABLES=$demo
part faults
say "$(cat "$demo/faults.md")"
say ""
part scheduler && checks
part secrets && checks
keep cluster
