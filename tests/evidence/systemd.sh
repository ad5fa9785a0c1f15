#!/usr/bin/env bash
# The package on Debian 12 with systemd, in an emulated guest: every check of tests/systemd with what it saw. Half an hour.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
log=$(mktemp)
trap 'rm -f "$figures" "$log"' EXIT

"$top/tests/systemd/run.sh" 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" = 0 ] || failed=1

say "# On a machine with systemd"
say ""
say "$(sed -n 's/^guest: //p' "$log" | tail -1), emulated by QEMU. Made by \`./test.sh evidence systemd\`. Times in such a guest"
say "are those of a very slow machine: they tell the order of events."
say ""
say "| check | what was seen |"
say "|---|---|"
say "$(sed -n 's/|/\\|/g; s/^ok: \([a-z_]*\): \(.*\)/| \1 | \2 |/p; s/^FAILED: \([a-z_]*\): \(.*\)/| \1 | **FAILED** \2 |/p' "$log")"
say ""
say "$(sed -n 's/^\([0-9]* checks passed.*\)/\1./p' "$log")"
say ""
if [ $failed = 0 ]; then say "Verdict: **passed**"; else say "Verdict: **FAILED**"; fi
keep systemd
