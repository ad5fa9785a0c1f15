# shellcheck shell=bash
# Sourced. debian DIRECTORY PACKAGE,...: a root of Debian 12 with these packages, from where this machine's apt has that release.
# Needs: root, mmdebstrap.
debian() {
  local directory=$1 packages=$2 log
  log=$(mktemp)
  apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    grep ' bookworm' | sort -u >"$log.sources"
  [ -s "$log.sources" ] || { echo "apt has no sources of Debian 12; run apt-get update" >&2; return 1; }
  mmdebstrap --quiet --variant=minbase --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    bookworm "$directory" - <"$log.sources" >"$log" 2>&1 || { tail -20 "$log" >&2; return 1; }
  rm -rf "$log" "$log.sources" "$directory"/var/cache/apt/*.bin "$directory"/var/lib/apt/lists/* "$directory"/usr/share/man/* \
    "$directory"/etc/dpkg/dpkg.cfg.d/*
}
