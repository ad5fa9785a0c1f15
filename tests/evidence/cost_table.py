"""docs/measured/cost.md from the rows of cost.sh.  usage: cost_table.py DIRECTORY; exit 1 where a bar is not met"""
import json
import os
import platform
import sys

ROWS = sys.argv[1]
missed = False


def rows(name):
    with open(os.path.join(ROWS, name)) as f:
        return {key: float(value) for key, value in (line.split() for line in f)}


def benchmarks(name):
    with open(os.path.join(ROWS, name)) as f:
        return json.load(f)["benchmarks"]


def bar(what, value, limit, unit=""):
    global missed
    met = value <= limit
    missed = missed or not met
    print("| %s | %s%s | <= %s%s | %s |" % (what, format(value, ".2f"), unit, limit, unit, "met" if met else "NOT MET"))


def slow_tick_of_1000():
    found = {}
    for b in benchmarks("tick-1000"):
        _, _, activity, caches = b["name"].split("/")[:4]
        found[activity, caches] = b["to_bare"]
    return found


def head():
    print("# What it costs\n")
    print("`./test.sh evidence cost`: `headroom-bench` on real cgroups in a Kubernetes-shaped tree, with a process in every")
    print("container and sandbox. The daemon is the real one: enforce, default settings, guard, scraped every 15 s.\n")
    version = "v2" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "v1"
    print("Linux %s, cgroup %s, %d CPUs.\n" % (platform.release().split("-")[0], version, os.cpu_count()))


def bars(busy, unlent, idle, ticks):
    print("| what | measured | bar | |\n|---|---|---|---|")
    bar("1000 containers in 400 pods, 300 may borrow, 50 use CPU, 10 near their quota: CPU of one core", busy["cpu_percent"], 4, " %")
    bar("to the bare `pread`s of the same schedule, in the same run", busy["ratio"], 1.6, "x")
    bar("the same node, nobody may borrow", unlent["cpu_percent"], 1.5, " %")
    bar("an idle node of 20 containers", idle["cpu_percent"], 0.3, " %")
    bar("its wake-ups a second", idle["wakeups"], 25)
    bar("RSS on the large node", max(busy["rss_mib"], unlent["rss_mib"]), 32, " MiB")
    for caches in ("hot", "cold"):
        bar("slow tick over 1000 groups, pods and containers, %s, to its bare `pread`s" % caches, ticks["idle", caches], 1.5, "x")
        bar("the same, 60 of them using CPU, %s" % caches, ticks["active", caches], 1.5, "x")
    print()


def nodes(busy, unlent, idle):
    columns = [("groups", ".0f"), ("leases", ".0f"), ("cpu_percent", ".2f"), ("guard_percent", ".3f"), ("wakeups", ".0f"),
               ("guard_wakeups", ".0f"), ("rss_mib", ".1f"), ("peak_mib", ".1f"), ("series", ".0f"), ("group_reads", ".0f")]
    print("## The daemon on a node\n")
    print("| node | groups | leases out | CPU, % of a core | guard's | wake-ups/s | guard's | RSS, MiB | peak | series | group reads/s |")
    print("|---" * 11 + "|")
    for name, row in (("large", busy), ("large, nobody may borrow", unlent), ("idle", idle)):
        print("| %s | %s |" % (name, " | ".join(format(row[key], how) for key, how in columns)))
    print()
    print("Groups are pods, containers and sandboxes. The bare `pread`s: ten seconds of the schedule are recorded from the")
    print("daemon (with a hook at its system calls) on the same tree under the same load; then the measured daemon runs, and")
    print("in slices that take turns (10 s, 5 s) a process beside it makes the recorded reads at the recorded times, by kept fds,")
    print("and does nothing with them. Daemon alone %.2f %%, beside the reader %.2f %%; the reader %.2f %% with %.0f reads/s.\n" %
          (busy["cpu_percent"], busy["beside_percent"], busy["bare_percent"], busy["bare_reads"]))


def ticks_table():
    print("## A slow tick\n")
    print("Every group read once (usage, throttling), advanced, decided, planned and scheduled; CPU time of the thread,")
    print("medians of 41 rounds in which the three take turns. Cold: 96 MiB touched before each.\n")
    print("| groups | | caches | preads | tick, us | bare `pread`s, us | open/read/close, us | tick to bare | open/read/close to bare |")
    print("|---" * 9 + "|")
    for groups in (10, 100, 500, 1000, 2000):
        for b in benchmarks("tick-%d" % groups):
            _, _, activity, caches = b["name"].split("/")[:4]
            print("| %d | %s | %s | %.0f | %.0f | %.0f | %.0f | %.2f | %.2f |" % (
                groups, activity, caches, b["preads"], b["tick_us"], b["bare_us"], b["open_us"], b["to_bare"], b["open_to_bare"]))
    print()


def libcgroup_table():
    words = {"usage_and_throttling": "usage and throttling of one group", "quota": "a new quota",
             "whole_group": "the same, libcgroup by `cgroup_get_cgroup` (all files)"}
    print("## libcgroup\n")
    print("One of 100 groups at a time, in turns, CPU time of the thread.\n")
    print("| what | kept fds, us | libcgroup, us | ratio |\n|---|---|---|---|")
    for b in benchmarks("libcgroup"):
        print("| %s | %.2f | %.1f | %.0f |" % (words[b["name"].split("/")[1]], b["ours_us"], b["libcgroup_us"], b["ratio"]))


head()
data = rows("busy"), rows("unlent"), rows("idle")
bars(*data, slow_tick_of_1000())
nodes(*data)
ticks_table()
libcgroup_table()
sys.exit(1 if missed else 0)
