#!/usr/bin/env bash
# Builds the image without Docker (buildah, on a base made by debootstrap), weighs it, and starts it by containerd. About ten minutes.
# usage: tests/deploy/image.sh [OUT_DIR]   the image as an OCI archive: OUT_DIR/headroom.tar (build/image)
# Needs: buildah debootstrap skopeo, and what tests/containers/run.sh needs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
out=${1:-$repo/build/image} bar=$((60 * 1000 * 1000))
mkdir -p "$out"
work=$(mktemp -d)
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot XDG_RUNTIME_DIR=$work
buildah() { command buildah --root "$work/storage" --runroot "$work/run" "$@"; }
trap 'rm -rf "$work"' EXIT

# The mirror that this machine's apt has, whichever that is.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -1)
if [ ! -f "$out/base.tar" ]; then
  debootstrap --variant=minbase bookworm "$work/base" "$mirror" >"$work/log" || { tail -20 "$work/log"; exit 1; }
  cp /etc/apt/sources.list "$work/base/etc/apt/" 2>/dev/null || true
  cp -a /etc/apt/sources.list.d/. "$work/base/etc/apt/sources.list.d/" 2>/dev/null || true
  rm -rf "$work"/base/usr/share/{doc,man,locale,info}/* "$work"/base/var/lib/apt/lists/* "$work"/base/var/cache/apt/*   # as `-slim` is
  tar -C "$work/base" -c . >"$out/base.tar.new" && mv "$out/base.tar.new" "$out/base.tar"
fi
base=$(buildah from scratch)
buildah add --quiet "$base" "$out/base.tar" /
buildah commit --quiet "$base" headroom-base >/dev/null
buildah rm "$base" >/dev/null

buildah bud --network host --build-arg BASE=localhost/headroom-base --timestamp "$(git -C "$repo" log -1 --format=%ct)" \
  -f "$repo/deploy/Dockerfile" --ignorefile "$repo/deploy/Dockerfile.dockerignore" -t headroom:0.1.0 "$repo" >"$work/log" 2>&1 || { tail -40 "$work/log"; exit 1; }
rm -f "$out/headroom.tar"
buildah push --quiet headroom:0.1.0 "oci-archive:$out/headroom.tar:headroom:0.1.0"
size=$(skopeo inspect --raw "oci-archive:$out/headroom.tar" | python3 -c 'import json, sys; print(sum(l["size"] for l in json.load(sys.stdin)["layers"]))')
echo "image: $size bytes compressed (at most $bar)"
[ "$size" -le "$bar" ]
"$here/../containers/run.sh" "${HEADROOM_BIN:-$repo/build/release/bin}" --only enforces --image "$out/headroom.tar"
