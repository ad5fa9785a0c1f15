# shellcheck shell=bash
# Sourced: Debian's packages, by name, where they are missing.
root() { [ "$(id -u)" = 0 ]; }

install_missing() {  # install_missing PACKAGE...
  local missing="" p
  for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
  done
  [ -z "$missing" ] && return 0
  root || { echo "packages are missing, and only root may install them: apt-get install$missing"; return 1; }
  echo "installing:$missing"
  # shellcheck disable=SC2086
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } >build-packages.log 2>&1 ||
    { tail -20 build-packages.log; return 1; }
  rm -f build-packages.log
}
