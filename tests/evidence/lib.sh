# Shared by the evidence scripts: runs live tests at their full size and keeps what they say in docs/measured.
# shellcheck shell=bash
#
# HEADROOM_BIN  where the programs are (build/release/bin)
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${HEADROOM_BIN:-$top/build/release/bin}
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
failed=0
document=""

say() { document+="$*"$'\n'; }

cgroup_version() {
  [ "$(stat -f -c %T /sys/fs/cgroup 2>/dev/null)" = cgroup2fs ] && { echo v2; return; }
  [ -e /sys/fs/cgroup/unified/cgroup.procs ] && { echo "v1 (hybrid)"; return; }
  echo v1
}

# title TEXT: and what it was measured on.
title() {
  say "# $1"
  say ""
  say "Linux $(uname -r | cut -d- -f1), cgroup $(cgroup_version), $(nproc) CPUs. Made by \`./test.sh evidence $(basename "$0" .sh)\`."
  say ""
}

# table FILTER HEADER BAR: the figures of these live tests under a header, the bar, and whether they held it.
table() {
  local rule
  rule=$(printf '%s' "$2" | sed 's/[^|]\{1,\}/---/g')
  : >"$figures"
  local verdict=passed
  HEADROOM_FULL=1 HEADROOM_FIGURES=$figures "$bin/test_live" --gtest_brief=1 --gtest_filter="$1" || verdict=FAILED failed=1
  say "$2"
  say "$rule"
  say "$(cat "$figures")"
  say ""
  say "Bar: $3"
  say ""
  say "Verdict: **$verdict**"
  say ""
}

# keep NAME: docs/measured/NAME.md. The script ends with it.
keep() {
  mkdir -p "$top/docs/measured"
  printf '%s' "$document" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$top/docs/measured/$1.md"
  cat "$top/docs/measured/$1.md"
  return $failed
}
