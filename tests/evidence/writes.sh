#!/usr/bin/env bash
# Every write of ten minutes of the demonstration, counted at the write call and by inotify; writes docs/measured/writes.md.
# HEADROOM_BIN: where the programs are. HEADROOM_SECONDS: length (600). HEADROOM_OUT: the document.
# With --smoke: half a minute, judged but not kept, and without the least number of leases.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
bin=${HEADROOM_BIN:-build/release/bin} out=${HEADROOM_OUT:-docs/measured/writes.md} length=${HEADROOM_SECONDS:-600} least=200
if [ "${1:-}" = --smoke ]; then
  length=15 least=1 out=$(mktemp)
  trap 'rm -f "$out"' EXIT
fi
cat >"$out.new" <<'TEXT'
# Every write of the demonstration

`./test.sh evidence writes`: `headroom-lab run demo` with `headroomd-hooked`, whose hook at the only write call reads the file
immediately before; inotify on every group is the second witness. Once as it is by default, and once with hidden leases only,
which are kept by refills.
TEXT
rc=0
for arm in headroom headroom-hidden; do
  echo >>"$out.new"
  # shellcheck disable=SC2086
  ${HEADROOM_WRAP:-} python3 tests/evidence/writes.py "$bin" "$length" "$least" "$arm" >>"$out.new" || rc=1
done
mv "$out.new" "$out"
cat "$out"
exit $rc
