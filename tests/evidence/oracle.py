#!/usr/bin/env python3
"""The part of oracle's gain over static limits that each arm has. usage: oracle.py DIR, of SCENARIO.json. Prints Markdown."""
import sys

from figures import p95, records, steps

ARMS = ("headroom", "koordinator", "captain", "quota_turbo", "kernel_burst", "nolimit", "nolimit_low")


def gain(record, arm):
    fixed, best, got = (steps(record, a)[1] for a in ("static", "oracle", arm))
    return f"{100 * (fixed - got) / (fixed - best):.0f} %" if fixed > best else "-"


def against(record, arm, kind):
    fixed, got = p95(record, "static", kind), p95(record, arm, kind)
    return f"{got / fixed:.2f}" if fixed and got else "-"


def main():
    all_records = records(sys.argv[1])
    ending = {name: r for name, r in all_records.items() if steps(r, "static")}
    print("""# What anybody could gain

`./test.sh evidence oracle`: simulated, 2 CPUs, every scenario at its full size. `oracle` has no limits and gives protected threads
strict priority, which no kernel does: a bound on what steps can gain without harm. A part above 100 % is gained from neighbours.

| scenario | by | static | oracle | """ + " | ".join(ARMS) + " |\n|---|---|---:|---:|" + "---:|" * len(ARMS))
    for name, record in ending.items():
        what, fixed, unit = steps(record, "static")
        row = [name, what, f"{fixed:.4g} {unit}", f"{steps(record, 'oracle')[1]:.4g} {unit}"]
        print("| " + " | ".join(row + [gain(record, arm) for arm in ARMS]) + " |")
    print("\nNeighbours beside it, p95 of their requests over that under static limits, Burstable / Guaranteed:\n")
    print("| scenario | oracle | " + " | ".join(ARMS) + " |\n|---|" + "---:|" * (len(ARMS) + 1))
    for name, record in all_records.items():
        cells = [f"{against(record, arm, 'burstable')} / {against(record, arm, 'guaranteed')}" for arm in ("oracle",) + ARMS]
        if any(c != "- / -" for c in cells):
            print(f"| {name} | " + " | ".join(cells) + " |")
    return 0 if ending else 1


if __name__ == "__main__":
    sys.exit(main())
