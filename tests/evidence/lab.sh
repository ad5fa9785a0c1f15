# shellcheck shell=bash
# Sourced by the lab's evidence: runs one scenario at its full size and keeps its tables.
# usage: lab SCENARIO POLICIES TITLE [OPTION...]
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

lab() {
  local scenario=$1 policies=$2 title=$3 tables
  shift 3
  tables=$(mktemp)
  mkdir -p docs/measured
  build/release/bin/headroom-lab run "$scenario" --policies "$policies" --markdown "$tables" "$@"
  local rc=$?   # an interrupted lab leaves the table of its void runs
  [ -s "$tables" ] || return 1
  {
    # shellcheck disable=SC2016  # Markdown's backquotes
    printf '# %s\n\n`./test.sh evidence %s`: `headroom-lab run %s --policies %s`. The rule by which arms are\n' "$title" \
      "$scenario" "$scenario" "$policies"
    printf 'compared (twin arms A and A'"'"', pooled requests, void runs) is in docs/measuring.md.\n\n'
    cat "$tables"
  } >"docs/measured/$scenario.md"
  rm -f "$tables"
  return $rc   # 1: a bar is missed or not judged
}
