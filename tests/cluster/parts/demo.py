"""The demonstration: the chart in observe, then in enforce; real engines' steps with their limits, with limits deleted, and lent to;
neighbours called all the time. See demo. HEADROOM_CLUSTER_ROTATIONS (4): of all arms; HEADROOM_CLUSTER_OUT: where page and table go."""
import json
import os
import random
import time
from contextlib import ExitStack

import daemon
import measured
import values
import watch
from api import Api
from checks import Part, check, eventually
from loads import neighbours, workflows
from loads.flyte import Flyte
from loads.steps import Runner, collected
from measured import ARMS, Arm
from node import DOCKER_GROUP, REPO, run as command, write
from parts import argo

ENGINES = ("argo", "dflow", "flyte")
STEPS = {"argo": 6, "dflow": 4, "flyte": 2}   # a window
KINDS = ("java", "nginx", neighbours.WORKER)
WINDOW = 90    # s of calls, in which all steps of an arm have to end
DOCKER_NAME = r"^(?P<host>[A-Za-z0-9-]+)_v(?P<version>\d+)_(?P<mem_gib>\d+)G_(?P<gpu_gib>\d+)G_(?P<port>\d{2,5})$"
CLASS = {"name": "step", "match": [{"engine": ["argo", "dflow", "flyte"]}, {"dockerName": DOCKER_NAME, "portRange": [26000, 27000]}],
         "borrow": {"upTo": "8 cores", "start": "20s", "credit": "10 cpu-min", "visibility": "auto"}}


def install_words(node):
    """Values of the chart as a file: lists do not go through --set."""
    write(node.file("demo-values.json"), json.dumps({"config": {"version": 1, "classes": [CLASS]},
                                                     "docker": {"enabled": True, "socket": "/run/docker.sock", "gid": DOCKER_GROUP}}))
    return ["-f", node.file("demo-values.json")]


class Demo(Part):
    def set_up(self):
        self.node.load("debian")
        self.docker = neighbours.GlobalFunc(self.node)
        self.docker.begin()
        self.workers = {26000: self.docker.worker(26000, "--cpus", "1")}
        self.workers.update((port, self.docker.worker(port)) for port in (26001, 26002, 26003))
        self.apply(neighbours.documents())
        self.apply(workflows.FLYTE_CRD)
        self.node.kubectl("create", "namespace", "flyte")
        self.api = Api(self.node)
        self.flyte, self.runner = Flyte(self.api), Runner(self.api)
        argo.set_up(self.node, *install_words(self.node))
        self.targets = neighbours.Neighbours(self.api).targets()
        check(len(self.targets) == 3, f"neighbours answer: {' '.join(self.targets)}; workers: {' '.join(map(neighbours.worker_name, self.workers))}")

    def observes(self):
        """What it would lend, without a write."""
        with watch.Reports(daemon.control_socket(self.node), 0.2) as reports:
            name = self.runner.start(workflows.fanout("observed", 6, 1200000))
            phase = self.runner.ended(name)
        steps = [g for g in reports.last.values() if g["namespace"] == "argo" and g["role"] == "work"]
        would = [g for g in steps if g["lentCpuSeconds"] > 0 or (g["reason"] or {}).get("grantedCores", 0) > 0]
        check(phase == "Succeeded" and len(would) > 0, f"observe: would have lent to {len(would)} of {len(steps)} steps")
        for group in would[:2]:
            print(f"    {group['name']}: {group['verdict']}", flush=True)
        self.runner.forget(name)

    def enforces(self):
        daemon.helm(self.node, "upgrade", "--reuse-values", "--set", "mode=enforce")
        check(json.loads(daemon.headroomctl(self.node, "-o", "json", "status"))["mode"] == "enforce", "helm upgrade: enforce")

    def measures(self):
        rotations = int(os.environ.get("HEADROOM_CLUSTER_ROTATIONS", "4"))
        self.arms, self.samples, order = {name: Arm() for name in ARMS}, [], random.Random(1)
        began, total, done = time.monotonic(), rotations * len(ARMS), 0
        for rotation in range(rotations):
            for name in order.sample(ARMS, len(ARMS)):
                self.window(name, self.arms[name], rotation)
                done += 1
                left = (time.monotonic() - began) / done * (total - done) / 60
                walls = ", ".join(f"{e} {measured.quantile(self.arms[name].walls(e), 0.5):.2f} s" for e in ENGINES)
                print(f"  rotation {rotation + 1} of {rotations}, {name}: user wall {walls}; {left:.0f} min to go", flush=True)

    def window(self, name, arm, rotation):
        """One arm in one rotation: the same calls and the same steps, one engine after the other."""
        daemon.headroomctl(self.node, "resume" if name == "headroom" else "pause")
        limit = {"argo": "200m", "dflow": "200m", "flyte": "100m"} if name != "nolimit" else dict.fromkeys(ENGINES, "")
        began, used = time.time(), daemon.cpu_seconds(self.node)
        with ExitStack() as stack:
            tasks = stack.enter_context(watch.Tasks())
            reports = stack.enter_context(watch.Reports(daemon.SOCKET, 0.5))
            samples = stack.enter_context(watch.Samples("kubepods/burstable", 102, 4)) if rotation == 0 and name != "static2" else None
            calls = {kind: neighbours.call(target, WINDOW, 100 * rotation + i) for i, (kind, target) in enumerate(self.targets.items())}
            for engine in ENGINES:
                arm.steps.setdefault(engine, []).extend(self.engine_runs(engine, limit[engine], tasks, arm))
            for kind, process in calls.items():
                arm.calls.setdefault(kind, []).extend(neighbours.times_of(process))
        arm.daemon += daemon.cpu_seconds(self.node) - used
        arm.seconds += time.time() - began
        for step in (s for steps in arm.steps.values() for s in steps):
            group = reports.last.get(step.container)
            if group:
                step.throttled, step.lent = group["throttledSeconds"], group["lentCpuSeconds"]
        if samples:
            self.samples += [(name, f"step {i + 1}", rows) for i, rows in enumerate(samples.rows.values())]

    def engine_runs(self, engine, limit, tasks, arm):
        """Runs an engine's steps and waits for their ends. @return them"""
        began = time.time()
        if engine == "flyte":
            name = self.flyte.start(limit, tasks=STEPS[engine])
            eventually(self.flyte.reconcile, WINDOW, 1)
            pods = [p for p in self.api.pods("flyte") if p["metadata"]["labels"]["execution-id"] == name]
        else:
            made = workflows.fanout("fanout", STEPS[engine], 1200000, limit) if engine == "argo" else workflows.dflow("pool", limit)
            name = self.runner.start(made)
            self.runner.steps_ended(name, STEPS[engine], tasks)
            pods = self.runner.pods(name)
        steps = collected(pods, began, tasks)
        if any("exit" not in s.times for s in steps):
            raise RuntimeError(f"{engine}: {sum('exit' not in s.times for s in steps)} of {len(steps)} steps did not end within the window")
        arm.ends.setdefault(engine, []).append(max(s.times["exit"] for s in steps) - began)
        (self.flyte if engine == "flyte" else self.runner).forget(name)
        return steps

    def reports(self):
        kinds_of_twins = measured.twins(self.arms, KINDS)
        low, high = measured.TWIN
        still = all(value and low <= value <= high for _, value in kinds_of_twins)
        enough = min(len(self.arms["static"].calls[kind]) for kind in KINDS) >= measured.NEED
        bars = measured.verdicts(self.arms, ENGINES, KINDS)

        def counts(words):   # steps are compared with steps of the same minutes; neighbours only by the rule
            return words.split(":")[0] in ENGINES or still and enough
        same = ", ".join(f"{words.split()[0]} {value:.3f}" for words, value in kinds_of_twins)
        lines = [*measured.steps_table(self.arms, ENGINES), "", *measured.neighbours_table(self.arms, KINDS), "",
                 f"Static against static again, p95 (the run counts within 0.95..1.05): {same}", "", *measured.judged_table(bars, counts)]
        print("\n".join(lines), flush=True)
        self.write_out(lines, still and enough)
        missed = [words for words, value, bar in bars if measured.verdict_words(value, bar, counts(words)) == "MISS"]
        check(not missed, f"{len(bars)} bars" + "".join(f"\n  missed: {words}" for words in missed))

    def write_out(self, lines, counts):
        out = os.environ.get("HEADROOM_CLUSTER_OUT", f"{REPO}/build/cluster/demo")
        invocation = "tests/cluster/demo"
        for engine in ENGINES:
            document = measured.record(engine, self.arms, [s for s in self.samples if engine == "argo"], invocation, counts)
            write(f"{out}/{engine}.json", json.dumps(document))
        write(f"{out}/table.md", "\n".join([f"`{invocation}`; {measured.machine()}.", "", *lines, ""]))
        command(f"{REPO}/build/release/bin/headroom-lab", "report", *(f"{out}/{engine}.json" for engine in ENGINES), "--html", f"{out}/page.html")
        check(os.path.getsize(f"{out}/page.html") > 10000, f"the page: {out}/page.html; the table: {out}/table.md")

    def a_storm_is_lent_to(self):
        """The worker that has a limit; the others stay as they are."""
        daemon.headroomctl(self.node, "resume")
        storm = neighbours.call("26000", 15, 7, rate=3000)
        lent = eventually(lambda: daemon.group_of(self.workers[26000])["lease"], 15)
        said = daemon.headroomctl(self.node, "explain", neighbours.worker_name(26000))
        storm.communicate()
        check(lent, f"a storm of calls to {neighbours.worker_name(26000)} (--cpus 1) is lent to: {lent}")
        words = {"host": "m7", "version": "101", "mem_gib": "30", "gpu_gib": "0", "port": "26000"}
        labels = daemon.group_of(self.workers[26000])["step"]["labels"]
        check(labels == words and all(word in said for word in words.values()), f"explain names {labels}\n{said}")
        others = [values.found(self.workers[port])[0] for port in (26001, 26002, 26003)]
        check(others == [-1] * 3, f"workers without a limit keep none: {others}")

    def uninstalls(self):
        daemon.helm(self.node, "uninstall")
        holds, words = values.are_the_spec(self.pods("-A"))
        quota = values.found(self.workers[26000])[0]
        check(holds and quota == 100000, f"helm uninstall: {words}; the worker with --cpus 1 has {quota} us")

    def away(self):
        self.docker.end()
        self.node.kubectl("delete", "namespace/flyte", "pod/java", "pod/nginx", "crd/flyteworkflows.flyte.lyft.com")
        argo.away(self.node)


def run(node):
    part = Demo(node)
    part.run(part.set_up, part.observes, part.enforces, part.measures, part.reports, part.a_storm_is_lent_to, part.uninstalls, part.away)
