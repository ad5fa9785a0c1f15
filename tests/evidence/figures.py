"""What a run of `headroom-lab run --json` says of one arm: how long its steps took and how long its neighbours' requests did."""
import json
import pathlib


def records(folder):
    """By scenario, in the order of their names."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(pathlib.Path(folder).glob("*.json"))}


def starts(record, arm):
    """`startup` has no rotations: the mean of its starts by thread count."""
    return [f["value"] for f in record["findings"] if f["arm"] == arm and ": mean of " in f["name"] and "starts on an idle node" in f["name"]]


def steps(record, arm):
    """(what, value, unit) by which steps are judged: the makespan of a workflow, else the mean of starts or of bursts; None: they never end."""
    a = next((a for a in record["arms"] if a["arm"] == arm), None)
    if a is None:
        mean = starts(record, arm)
        return ("mean start", sum(mean) / len(mean), "s") if mean else None
    if a["makespan_s"] > 0:
        return ("makespan", a["makespan_s"], "s")
    return ("step mean", a["step"]["mean_ms"], "ms") if a["step"]["count"] else None


def p95(record, arm, kind):
    """Of a kind of neighbour's requests, ms; None: there are none."""
    a = next((a for a in record["arms"] if a["arm"] == arm), None)
    return a[kind]["p95_ms"] if a and a[kind]["count"] else None
