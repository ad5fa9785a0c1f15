#!/usr/bin/env bash
# Chart and kustomize: lint, render, compare, check every key; the tools are built from their pinned Go modules.
#   HEADROOM_DEPLOY_TOOLS   directory of helm, kustomize and check (build/deploy-tools)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
tools=${HEADROOM_DEPLOY_TOOLS:-$repo/build/deploy-tools} chart=$repo/deploy/helm/headroom
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

least=24
# shellcheck source=../go.sh
. "$here/../go.sh"
if [ ! -x "$tools/check" ] || [ "$here/go.mod" -nt "$tools/check" ] || [ "$here/check/main.go" -nt "$tools/check" ]; then
  mkdir -p "$tools"
  (cd "$here" && GOFLAGS=-mod=readonly GOBIN=$tools "$go" install ./check helm.sh/helm/v3/cmd/helm sigs.k8s.io/kustomize/kustomize/v5)
fi
helm=$tools/helm

render() {  # render NAME [ARGUMENT...]
  local name=$1
  shift
  "$helm" template headroom "$chart" -n headroom-system --kube-version 1.35.0 --skip-tests "$@" >"$out/$name.yaml"
}

refused() {  # refused WHAT ARGUMENT...: the chart says no, and says WHAT
  local what=$1
  shift
  if "$helm" template headroom "$chart" -n headroom-system --kube-version 1.35.0 "$@" >"$out/log" 2>&1; then
    echo "not refused: $*"
    return 1
  fi
  grep -q -- "$what" "$out/log" || { cat "$out/log"; echo "refused, but not for $what: $*"; return 1; }
}

"$helm" lint --quiet --kube-version 1.35.0 "$chart"
for values in "$chart"/ci/*.yaml; do
  "$helm" lint --quiet --kube-version 1.35.0 "$chart" -f "$values"
  render "$(basename "$values" .yaml)" -f "$values"
done
render observe
render enforce-v2 --set mode=enforce
render enforce-v1 --set mode=enforce --set cgroups.version=v1

refused cpu --set resources.requests.cpu=50m
refused limits --set resources.limits.cpu=1
refused moode --set moode=enforce
refused mode --set mode=enforcing
refused config.mode --set config.mode=enforce
refused 1.29 --set mode=enforce --kube-version 1.28.0

"$tools/check" types "$out"/*.yaml "$repo"/deploy/scheduler/*.yaml "$repo"/deploy/restore-pod.yaml
sed 's/hostPID: false/hostPIDs: false/; s/dnsPolicy/dnsPolicie/; s/serviceAccountName/serviceAccountNames/' "$out/observe.yaml" >"$out/wrong"
if "$tools/check" types "$out/wrong" 2>/dev/null; then echo "an unknown key was not seen"; exit 1; fi

"$tools/kustomize" build "$repo/deploy/kustomize/base" >"$out/base"
"$tools/check" same "$out/observe.yaml" "$out/base"
for overlay in enforce-v2 enforce-v1; do
  "$tools/kustomize" build "$repo/deploy/kustomize/overlays/$overlay" >"$out/overlay"
  grep -v '^$' "$out/$overlay.yaml" >"$out/chart"
  printf -- '---\n' >>"$out/chart"
  cat "$repo/deploy/kustomize/namespace/namespace.yaml" >>"$out/chart"
  "$tools/check" same "$out/chart" "$out/overlay"
done
echo "deploy: ok"
