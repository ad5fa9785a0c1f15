"""Numbers of the demonstration: pooled by arm, judged by the neighbour rule, written as headroom-lab's record for its page."""
import math
import os
import platform
import statistics

ARMS = ("static", "static2", "headroom", "nolimit")
SHOWN = {"static": "limits as they are", "static2": "the same again", "headroom": "lent to", "nolimit": "limits deleted"}
TWIN = (0.95, 1.05)
NEED = 30000   # calls to one kind of neighbour, an arm
SHARES = [i / 1000 for i in (1, 10, 50, 100, 250, 500, 750, 900, 950, 990, 995, 999)] + [1]


def quantile(values, q):
    """Nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(q * len(ranked)) - 1)] if ranked else 0.0


def summary(ms):
    return {"count": len(ms), "mean_ms": statistics.fmean(ms) if ms else 0, "p50_ms": quantile(ms, 0.5), "p95_ms": quantile(ms, 0.95),
            "p99_ms": quantile(ms, 0.99), "worst_ms": max(ms, default=0)}


def ratio(over, under):
    return over / under if under else None


def machine():
    cpus = len(os.sched_getaffinity(0))
    return f"{cpus} CPUs, Linux {platform.release()}, cgroup v1 with a unified mount, Kubernetes 1.35, containerd"


class Arm:
    """Everything seen under it, by engine and by kind of neighbour."""

    def __init__(self):
        self.steps, self.ends, self.calls = {}, {}, {}   # engine -> [Step]; engine -> [s]; kind -> [ms]
        self.daemon, self.seconds = 0.0, 0.0             # CPU-s of ours; s measured

    def walls(self, engine):
        return [s.times["end"] - s.times["begin"] for s in self.steps.get(engine, []) if {"begin", "end"} <= set(s.times)]

    def argoexec(self, engine):
        return [s.times["begin"] - s.times["task"] for s in self.steps.get(engine, []) if {"begin", "task"} <= set(s.times)]

    def lives(self, engine):
        return [s.times["exit"] - s.times["task"] for s in self.steps.get(engine, []) if {"exit", "task"} <= set(s.times)]

    def sum(self, engine, what):
        return sum(getattr(s, what) for s in self.steps.get(engine, []))


def twins(arms, kinds):
    """@return (name of the statistic, A'/A) of everything that is judged"""
    return [(f"{kind} p95", ratio(quantile(arms["static2"].calls[kind], 0.95), quantile(arms["static"].calls[kind], 0.95))) for kind in kinds]


def verdicts(arms, engines, kinds):
    """@return (words, ratio, bar) of each bar: steps against deleted limits, neighbours against static ones"""
    ours, deleted, static, out = arms["headroom"], arms["nolimit"], arms["static"], []
    for engine in engines:
        for name, of in (("user wall", lambda arm: arm.walls(engine)), ("creation to last step's end", lambda arm: arm.ends.get(engine, []))):
            for q in (0.5, 0.9):
                out.append((f"{engine}: {name}, p{q * 100:.0f}, lent to / deleted", ratio(quantile(of(ours), q), quantile(of(deleted), q)), 1.1))
    for kind in kinds:
        for q in (0.95, 0.99):
            bar = 1.05 if q == 0.95 or kind == "globalfunc" else None
            out.append((f"{kind}: p{q * 100:.0f}, lent to / static", ratio(quantile(ours.calls[kind], q), quantile(static.calls[kind], q)), bar))
    return out


def steps_table(arms, engines):
    lines = ["| engine | arm | steps | argoexec's start s | user wall s: p50 | p90 | main's life s | "
             "creation to last end s: p50 | p90 | throttled s | lent CPU-s |", "|---|---|---:" + "|---:" * 8 + "|"]
    for engine in engines:
        for name, arm in arms.items():
            walls, ends = arm.walls(engine), arm.ends.get(engine, [])
            times = [(arm.argoexec(engine), 0.5), (walls, 0.5), (walls, 0.9), (arm.lives(engine), 0.5), (ends, 0.5), (ends, 0.9)]
            cells = [engine, SHOWN[name], str(len(arm.steps.get(engine, []))), *(f"{quantile(values, q):.2f}" for values, q in times),
                     *(f"{arm.sum(engine, what):.1f}" for what in ("throttled", "lent"))]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def neighbours_table(arms, kinds):
    lines = ["| neighbour | arm | calls | p50 ms | p95 | p99 |", "|---|---|---:|---:|---:|---:|"]
    for kind in kinds:
        for name, arm in arms.items():
            calls = arm.calls.get(kind, [])
            cells = [kind, SHOWN[name], str(len(calls)), *(f"{quantile(calls, q):.2f}" for q in (0.5, 0.95, 0.99))]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def verdict_words(value, bar, counts):
    if bar is None or value is None:
        return "printed"
    return ("pass" if value <= bar else "MISS") if counts else "not judged"


def judged_table(bars, counts_of):
    lines = ["| bar | ratio | at most | verdict |", "|---|---:|---:|---|"]
    for words, value, bar in bars:
        lines.append(f"| {words} | {'-' if value is None else f'{value:.3f}'} | {bar or '-'} | {verdict_words(value, bar, counts_of(words))} |")
    return lines


def curve(name, who, ms):
    return {"arm": name, "who": who, "count": len(ms), "share_ms": [[share, quantile(ms, share)] for share in SHARES]}


def timeline(arm, name, rows):
    """Of watch.Samples: differences between two samples are rates."""
    began, t, quota, usage, throttled = rows[0][0], [], [], [], []
    for (at0, used0, _, stood0), (at1, used1, us, stood1) in zip(rows, rows[1:]):
        if at1 - at0 <= 0:
            continue
        t.append(round(at1 - began, 3))
        quota.append(us / 100000 if us > 0 else None)
        usage.append(max(0, used1 - used0) / (at1 - at0))
        throttled.append(max(0, stood1 - stood0) / (at1 - at0))
    return {"arm": arm, "group": name, "base_cores": None if arm == "nolimit" else 0.2, "sampler_cpu": 0, "t_s": t, "quota_cores": quota,
            "usage_cores": usage, "throttled": throttled}


def record(engine, arms, samples, command, counts):
    """headroom-lab's format, version 2: steps by the walls of this engine, neighbours of the whole stretch."""
    rows, curves = [], []
    for name, arm in arms.items():
        walls = [1000 * w for w in arm.walls(engine)]
        who = {"step": walls, "burstable": arm.calls.get("nginx", []), "guaranteed": arm.calls.get("java", [])}
        rows.append({"arm": name, **{kind: summary(ms) for kind, ms in who.items()}, "throttled_container_s": arm.sum(engine, "throttled"),
                     "throttled_pod_s": 0, "refilling_writes_per_group_second": 0, "daemon_cpu": arm.daemon / max(1, arm.seconds),
                     "seconds": arm.seconds, "makespan_s": quantile(arm.ends.get(engine, []), 0.5)})
        curves += [curve(name, kind, ms) for kind, ms in who.items() if ms]
    fate = "counts" if counts else "void"
    return {"version": 2, "scenario": f"cluster: {engine}", "machine": machine(), "command": command, "simulated": False,
            "description": "steps of a real cluster: user wall; neighbours: an nginx (burstable) and a Java service (guaranteed), all the time",
            "need": {"requests": NEED, "bursts": 0}, "arms": rows,
            "runs": [{"run": 1, "twin_ratios": dict(twins(arms, ("java", "nginx"))), "fate": fate}],
            "verdicts": [], "findings": [], "notes": [], "series": [], "raw": [], "curves": curves,
            "timelines": [timeline(arm, name, rows) for arm, name, rows in samples if len(rows) > 2]}
