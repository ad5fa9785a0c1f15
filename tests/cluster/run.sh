#!/usr/bin/env bash
# A real one-node cluster, from etcd to runc, and what is tried on it. See docs/cluster.md.
# usage: tests/cluster/run.sh [PART...]       builds, starts, tries, takes everything away; wants build/release. All but the long ones:
#                                            basic chart argo engines secrets; by name only: scheduler faults demo
#        tests/cluster/run.sh --keep          starts one that stays
#        tests/cluster/run.sh --shell [WORD...]   a shell, or a command, on the node of the one that stays
#        tests/cluster/run.sh --down          ends it; also cleans up what a killed run left
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ -x "$here/../../build/release/bin/headroomd" ] || { echo "our own programs are missing: ./test.sh cluster builds them"; exit 1; }
export PYTHONDONTWRITEBYTECODE=1
case ${1:-} in
  --down) exec python3 "$here/cluster.py" down ;;
  --shell) shift && exec python3 "$here/cluster.py" enter "$@" ;;
esac
# shellcheck source=../install.sh
. "$here/../install.sh"
install_missing runc busybox-static containernetworking-plugins iptables iproute2 openssl python3-yaml python3-venv mmdebstrap openjdk-17-jdk-headless
# shellcheck source=../containers/packages.sh
. "$here/../containers/packages.sh"
"$here/build.sh"
"$here/images/images.sh" "$here/../../build/release/bin"
"$here/images/debian.sh"
[ "${1:-}" != --keep ] || exec python3 "$here/cluster.py" up
exec python3 "$here/cluster.py" test "$@"
