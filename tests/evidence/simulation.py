#!/usr/bin/env python3
"""Real and simulated runs of the same scenarios side by side. usage: simulation.py DIR MACHINE COMMIT SCENARIO...

DIR holds SCENARIO.real.json and SCENARIO.simulated.json as `headroom-lab run --json` writes them. Prints Markdown."""
import json
import pathlib
import statistics
import sys

BAR, ROUNDS = 0.15, 3
ARMS = ("static", "kernel_burst")
# Below this there is nothing to hold a model to: a tenth of a second of throttling in a rotation, on either side.
LEAST_THROTTLED = 0.1


def medians(record, arm):
    """Per rotation, then the median: step mean ms, throttled s as the kernel counts it, summed over levels, makespan s."""
    rotations = [r for r in record["raw"] if r["arm"] == arm]
    if not rotations:
        return None
    median = lambda of: statistics.median(of(r) for r in rotations)
    return {
        "step mean, ms": median(lambda r: r["step"]["mean_ms"]),
        "throttled, s": median(lambda r: r["throttled_container_s"] + r["throttled_pod_s"]),
        "makespan, s": median(lambda r: r["makespan_s"]),
        "rotations": len(rotations),
    }


def starts(record, arm):
    """`startup` has no rotations: the median of its starts by thread count, and what each was throttled, in the mean."""
    out = {}
    for series in record["series"]:
        name, _, who = series["name"].rpartition(", ")
        if who == arm and series["unit"] == "s":
            out[f"start, {name}, s"] = statistics.median(seconds for _, seconds in series["points"])
            out["rotations"] = len(series["points"])
    for f in record["findings"]:
        if f["arm"] != arm or "starts on an idle node" not in f["name"]:
            continue
        name, what = f["name"].split(": ", 1)
        if what.startswith("throttled"):
            out[f"throttled, {name}, s"] = f["value"]
    return out or None


def rows(name, real, simulated):
    for arm in ARMS:
        left, right = medians(real, arm) or starts(real, arm), medians(simulated, arm) or starts(simulated, arm)
        if left is None or right is None:
            yield f"| {name} | {arm} | not measured | | | | **MISSING** |", False
            continue
        if left["rotations"] != ROUNDS or right["rotations"] != ROUNDS:
            yield f"| {name} | {arm} | rounds | {left['rotations']} | {right['rotations']} | | **NOT {ROUNDS}** |", False
        for what in left:
            if what == "rotations" or (left[what] == 0 and right[what] == 0):
                continue
            if what.startswith("throttled") and max(left[what], right[what]) < LEAST_THROTTLED:
                yield f"| {name} | {arm} | {what} | {left[what]:.3f} | {right[what]:.3f} | | next to nothing |", True
                continue
            ratio = right[what] / left[what] if left[what] else float("inf")
            within = abs(ratio - 1) <= BAR
            yield (f"| {name} | {arm} | {what} | {left[what]:.3f} | {right[what]:.3f} | {ratio:.3f} | "
                   f"{'within' if within else '**NOT MET**'} |"), within


def record_of(folder, name, where):
    file = folder / f"{name}.{where}.json"
    return json.loads(file.read_text()) if file.exists() else {"raw": [], "findings": [], "series": []}


def main():
    folder, machine, commit, names = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    lines, good = [], []
    for name in names:
        for line, within in rows(name, record_of(folder, name, "real"), record_of(folder, name, "simulated")):
            lines.append(line)
            good.append(within)
    print(f"""# The simulated node against the kernel

`./test.sh evidence simulation`: every scenario with synthetic load, and two drawn by seeds taken from the commit ({commit[:12]}),
under limits as they are and under a static kernel burst; on this machine's kernel and on SimNode with the same seeds.
Medians of {ROUNDS} rounds; throttled time is summed over containers and pods, CPUs and groups, as the kernel's counters are.
Bar: within {BAR:.0%}.

{machine}

| scenario | arm | | kernel | SimNode | ratio | |
|---|---|---|---:|---:|---:|---|""")
    print("\n".join(lines))
    print(f"\n{sum(good)} of {len(good)} within the bar.")
    return 0 if all(good) and good else 1


if __name__ == "__main__":
    sys.exit(main())
