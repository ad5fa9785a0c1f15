#!/usr/bin/env bash
# Builds the cluster's programs from their pinned Go modules into build/cluster/bin; what is built of the same pins stays.
# usage: tests/cluster/build.sh [PROGRAM...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$here/../../build/cluster/bin"
cache=$(cd "$here/../../build/cluster" && pwd)
export GOMODCACHE=$cache/mod GOCACHE=$cache/gocache CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-mod=readonly -modcacherw -buildvcs=false"
[ $# -gt 0 ] || set -- etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl helm workflow-controller argoexec
argo=github.com/argoproj/argo-workflows/v3@v3.7.3 argo_sum=h1:b0o03RTLXIL7lQunDEvLoDTeI5TbfXe2obGaItvvifk=

least=25 tools=$cache
# shellcheck source=../go.sh
. "$here/../go.sh"

# The chart and the API server's clients ask for the version, which only the linker knows.
version=$(sed -n 's/^\tk8s.io\/kubernetes //p' "$here/go.mod")
minor=${version#v1.}
flags="-s -w"
for at in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags="$flags -X $at.gitVersion=$version -X $at.gitMajor=1 -X $at.gitMinor=${minor%%.*}"
done

# Argo is built in its own module, with its own pins. The module's archive has no symbolic links, and argoexec does not compile
# without one of them: a copy gets it back.
argo_tree() {
  local answer tree=$cache/argo-workflows-${argo##*@}
  if [ ! -d "$tree" ]; then
    answer=$("$go" mod download -json "$argo")
    [ "$(json Sum "$answer")" = "$argo_sum" ] || { echo "FAILED: $argo has the sum $(json Sum "$answer"), not $argo_sum" >&2; return 1; }
    cp -r "$(json Dir "$answer")" "$tree.new"
    chmod -R u+w "$tree.new"
    ln -s signal_darwin.go "$tree.new/workflow/executor/osspecific/signal_linux.go"
    mv "$tree.new" "$tree"
  fi
  echo "$tree"
}

json() { python3 -c 'import json, sys; print(json.loads(sys.argv[2])[sys.argv[1]])' "$@"; }

for program in "$@"; do
  directory=$here linked=$flags
  case $program in
    etcd) package=./etcd ;;
    helm) package=helm.sh/helm/v3/cmd/helm ;;
    workflow-controller | argoexec) package=./cmd/$program linked="-s -w" directory=$(argo_tree) ;;
    *) package=k8s.io/kubernetes/cmd/$program ;;
  esac
  stamp=$({ cat "$directory/go.mod" "$directory/go.sum" && "$go" env GOVERSION && echo "$package $linked"; } | sha256sum)
  [ ! -x "$cache/bin/$program" ] || [ "$(cat "$cache/bin/.$program" 2>/dev/null)" != "$stamp" ] || continue
  began=$SECONDS
  (cd "$directory" && nice -n 15 "$go" build -trimpath -ldflags "$linked" -o "$cache/bin/$program" "$package") ||
    { echo "FAILED: $program does not build in $directory; if a module is damaged, remove $cache/mod"; exit 1; }
  echo "$stamp" >"$cache/bin/.$program"
  echo "built $program in $((SECONDS - began)) s"
done
