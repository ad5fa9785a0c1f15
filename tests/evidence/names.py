"""Who is who at a rate: identities, leaks, and what the names cost. See names.sh."""
import collections
import json
import os
import platform
import statistics
import subprocess
import sys
import time

from kube_node import BIN, V2, Daemon, Kubelet, Node, make

OUT = os.environ.get("HEADROOM_OUT", "docs/measured/names.md")
SECONDS = int(os.environ.get("HEADROOM_SECONDS", "60"))
ROUNDS = int(os.environ.get("HEADROOM_ROUNDS", "3"))
PODS, CONTAINERS, RATE, ROOT, NEWCOMERS = 250, 600, 20, "headroom-names", 50


def look(daemon, seen, known):
    """Every container of the daemon's list: seen[id] = first time, known[id] = (first time with a name, name)."""
    now = time.monotonic()
    for group in json.loads(daemon.get("/v1/groups"))["groups"]:
        parts = group["path"].split("/")
        if len(parts) != 4 or len(parts[3]) != 64:
            continue
        seen.setdefault(parts[3], now)
        if group["name"].startswith("churn/"):
            known.setdefault(parts[3], (now, group["name"], parts[2][3:]))


def times_to_a_name(node, kubelet):
    """Containers that come and stay, one after the other. @return s from the cgroup, from when on it is listed, to the name; asked for every 50 ms"""
    daemon, out = Daemon(node, kubelet), []
    time.sleep(8)
    for n in range(NEWCOMERS):
        path = f"{ROOT}/kubepods/burstable/pod{n:08x}-0000-4000-8000-{n:012x}/{n:032x}{255:032x}"
        time.sleep(0.3 + 0.07 * (n % 20))
        make(path)
        began = time.monotonic()
        while True:
            groups = json.loads(daemon.get("/v1/groups"))["groups"]
            if any(path.endswith(g["path"]) and g["name"].startswith("churn/") for g in groups) or time.monotonic() - began > 30:
                break
            time.sleep(0.05)
        out.append(time.monotonic() - began)
    daemon.end()
    return out


def arm(node, kubelet):
    daemon = Daemon(node, kubelet)
    time.sleep(8)
    before, cpu = daemon.holds(), daemon.cpu()
    churn = subprocess.Popen([f"{BIN}/headroom-churn", "--root", ROOT, "--steady", "0", "--per-second", str(RATE), "--seconds", str(SECONDS)],
                             stdout=subprocess.PIPE, text=True)
    seen, known, began = {}, {}, time.monotonic()
    while churn.poll() is None:
        time.sleep(1)
        look(daemon, seen, known)   # in both arms, because it costs the daemon
    used, took = daemon.cpu() - cpu, time.monotonic() - began
    started = int(churn.stdout.read().split()[0])
    time.sleep(8)
    after = daemon.holds()
    daemon.end()
    wrong = [name for _, name, uid in known.values() if name.split("/")[1] != "pod-" + uid]
    return {"cpu": used / took, "before": before, "after": after, "started": started, "seen": len(seen), "known": len(known), "wrong": len(wrong)}


def memory(node, kubelet):
    """@return KiB of RSS, the least in each third of a longer churn: in the first it needs what it keeps, and a list that is just read counts for more"""
    daemon = Daemon(node, kubelet)
    churn = subprocess.Popen([f"{BIN}/headroom-churn", "--root", ROOT, "--steady", "0", "--per-second", str(RATE), "--seconds", str(3 * SECONDS)], stdout=subprocess.PIPE)
    began, thirds = time.monotonic(), [[], [], []]
    while churn.poll() is None:
        time.sleep(1)
        thirds[min(2, int((time.monotonic() - began) / SECONDS))].append(daemon.holds()["RSS, KiB"])
    daemon.end()
    return [min(third) for third in thirds]


def main():
    arms = collections.defaultdict(list)
    with Node(ROOT, PODS, CONTAINERS) as node:
        kubelet = Kubelet(node)
        for round_ in range(ROUNDS):
            for name in ("paths", "names") if round_ % 2 == 0 else ("names", "paths"):
                print(f"rotation {round_ + 1}/{ROUNDS}: {name}", file=sys.stderr, flush=True)
                arms[name].append(arm(node, kubelet if name == "names" else None))
        named_after = times_to_a_name(node, kubelet)
        rss = memory(node, kubelet)
        kubelet.end()
    ratio = statistics.mean(a["cpu"] for a in arms["names"]) / statistics.mean(a["cpu"] for a in arms["paths"])
    named = arms["names"]
    wrong, seen, known = (sum(a[k] for a in named) for k in ("wrong", "seen", "known"))
    rows = [f"# Who is who, at 20 container starts a second\n\nLinux {platform.release().split('-')[0]}, cgroup {'v2' if V2 else 'v1'}, {os.cpu_count()} CPUs. "
            f"Made by `./test.sh evidence names`: {PODS} pods with {CONTAINERS} containers that sleep, and {RATE} container starts a second\n"
            f"(directories with a process, in runc's order of writes, gone after a second) for {SECONDS} s; {ROUNDS} rotations. A stand-in for kubelet lists what\n"
            "there is, by TLS; the other arm knows paths alone. The classes are by path in both, so that both lend the same.\n",
            "| arm | daemon's CPU, % of a core | each rotation |\n|---|---|---|"]
    for name, text in (("paths", "cgroup paths alone"), ("names", "with kubelet's names")):
        each = [100 * a["cpu"] for a in arms[name]]
        rows.append(f"| {text} | {statistics.mean(each):.2f} | {', '.join(f'{x:.2f}' for x in each)} |")
    ok = ratio <= 1.3 and wrong == 0 and max(named_after) <= 1
    rows.append(f"\nRatio {ratio:.2f} (bar 1.3). Seen once a second: {seen} containers, {known} of them by name, {wrong} by a wrong one. "
                f"{sum(a['started'] for a in named)} starts.\n")
    rows.append(f"{NEWCOMERS} containers that come one after the other are named after {statistics.median(named_after):.2f} s (median), "
                f"{max(named_after):.2f} s at most (bar 1).\n")
    rows.append("| 8 s before the starts and 8 s after them, with names | before | after |\n|---|---|---|")
    for key in ("fds", "watches", "series"):
        before, after = ([a[when][key] for a in named] for when in ("before", "after"))
        rows.append(f"| {key} | {', '.join(map(str, before))} | {', '.join(map(str, after))} |")
        ok = ok and all(y <= x + 8 for x, y in zip(before, after))   # a few counters by kind have not counted before
    rows.append(f"\nRSS in the thirds of {3 * SECONDS} s of such starts, the least of each: {', '.join(map(str, rss))} KiB; the last to the second {rss[2] / rss[1]:.3f} (bar 1.02).")
    ok = ok and rss[2] <= rss[1] * 1.02
    rows.append(f"\nVerdict: **{'passed' if ok else 'FAILED'}**")
    with open(OUT + ".new", "w") as file:
        file.write("\n".join(rows) + "\n")
    os.rename(OUT + ".new", OUT)
    print(open(OUT).read())
    return 0 if ok else 1


sys.exit(main())
