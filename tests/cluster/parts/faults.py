"""Faults under a daemon that lends: what is restarted, stopped, killed, resized or evicted, and what becomes of values and leases."""
import contextlib
import glob
import json
import os
import struct
import subprocess
import time

import daemon
import values
from checks import Part, check, container, cpu, eventually, pod
from daemon import NAMESPACE, RELEASE, SOCKET
from node import read, write
from node import run as command
from parts.basic import GUARANTEED
from watch import Background

OUTAGE = float(os.environ.get("HEADROOM_CLUSTER_OUTAGE", "120"))   # s without an API server
RESIZES = 50
SOON = 1.0   # s until the guard has put everything back
STEP = {"workflows.argoproj.io/workflow": "by-hand"}
# Rests for longer than a lease outlives the wish for it, so that leases end and others are given all the time.
BURSTS = "while :; do sleep 2; end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do :; done; done"
# By files, so that values are out; with more credit than the test can spend.
CLASSES = [{"name": "step", "match": [{"engine": ["argo"]}],
            "borrow": {"upTo": "2 cores", "start": "20s", "credit": "60 cpu-min", "visibility": "file"}}]
BURSTABLE = f"{values.CPU}/kubepods/burstable"
IN_LEDGER = b"/host-cgroup/cpu/kubepods/burstable"   # as the daemon's pod sees it
MEMORY = "/sys/fs/cgroup/memory"
# Into a container's memory group, as hard to kill as its program and much smaller: so it is the program that the kernel chooses.
FILL = 'echo "$1" >/proc/self/oom_score_adj && echo $$ >"$2/cgroup.procs" && exec /bin/busybox dd if=/dev/zero of="$3" bs=64k'
HEADER = ["fault", "out when it struck", "the specs' values", "borrowing again", "residue"]


def burster():
    return container("main", cpu("50m", "200m"), "sh", "-c", BURSTS)


def workloads():
    """Steps whose pods have a quota, because all their containers have limits, and one whose pod has none; and two neighbours."""
    two = pod("step-two", STEP, burster(), container("side", cpu("10m", "100m")))
    two["spec"]["terminationGracePeriodSeconds"] = 1   # it is the one that is evicted
    side = container("side", {"requests": {"cpu": "10m"}})
    return {"apiVersion": "v1", "kind": "List", "items": [
        pod("step-one", STEP, burster()), two, pod("step-open", STEP, burster(), side),
        pod("guaranteed", {}, container("main", GUARANTEED)), pod("burstable", {}, container("main", {"requests": {"cpu": "100m"}}))]}


def ours(want):
    """@return those of these directories that hold something else than the spec"""
    out = []
    for directory, spec in want.items():
        with contextlib.suppress(OSError):   # it is gone
            if values.found(directory) != spec:
                out.append(directory)
    return out


def strays(pods):
    """@return directories of pods that are no more, and of our own trials"""
    known = {p["metadata"]["uid"] for p in pods}
    top = f"{values.CPU}/kubepods"
    directories = glob.glob(f"{top}/pod*") + glob.glob(f"{top}/*/pod*")
    return [d for d in directories if d.rsplit("/pod", 1)[1] not in known] + glob.glob(f"{top}/headroom-*")


def residue(pods):
    bursts = [file for file in glob.glob(f"{values.CPU}/kubepods/**/cpu.cfs_burst_us", recursive=True) if int(read(file))]
    return strays(pods) + bursts


def in_the_ledger(directory):
    """It has length and path of each group before anything is written there. @return whether of this one, and whether of pods in it"""
    with open("/run/headroom/ledger", "rb") as file:
        ledger = file.read()
    return struct.pack("<I", len(directory)) + directory in ledger, directory + b"/pod" in ledger


def after(seconds):
    return "never" if seconds is None else f"after {seconds:.1f} s"


def lives(pid):
    try:
        return read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Shares(Background):
    """Every value of burstable's shares, with its time."""

    def begin(self):
        self.seen = []

    def work(self):
        while not self.over.wait(0.02):
            value = int(read(f"{BURSTABLE}/cpu.shares"))
            if not self.seen or self.seen[-1][1] != value:
                self.seen.append((time.monotonic(), value))


@contextlib.contextmanager
def filling(place, group, pid):
    """Memory that cannot be reclaimed, charged to the container of `pid` until its limit ends that; given back at the end."""
    score = read(f"/proc/{pid}/oom_score_adj").strip()
    os.makedirs(place)
    command("mount", "-t", "tmpfs", "-o", "size=512m", "none", place)
    process = subprocess.Popen(["sh", "-c", FILL, "fill", score, f"{MEMORY}/{group}", f"{place}/file"], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()
        command("umount", place)   # at once: it counts for the pod, in which the daemon starts again
        os.rmdir(place)


class Faults(Part):
    def __init__(self, node):
        super().__init__(node)
        self.rows, self.want = [], {}

    def begins(self):
        self.apply(workloads())
        self.node.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
        daemon.install(self.node, "--set", "mode=enforce", "--set-json", f"config.classes={json.dumps(CLASSES)}")
        self.know()
        struck = self.strikes()
        check(struck, f"three steps burst beside a guaranteed and a burstable pod: {struck or 'nothing'} out")

    def know(self):
        """What the specs of the pods that run here say."""
        self.want = {directory: spec for p in self.pods() for directory, spec in values.expected(p).items()}

    def all_groups(self):
        """None from a daemon that is not there."""
        with contextlib.suppress(OSError, ValueError, LookupError):
            return [g for g in daemon.ask("/v1/groups", SOCKET)["groups"] if g["namespace"] == "default"]
        return []

    def lent(self):
        return [g for g in self.all_groups() if g["lease"]]

    def lent_seconds(self):
        return sum(g["lentCpuSeconds"] for g in self.all_groups())

    def strikes(self):
        """Waits until leases and values are out. @return the words for it; "": they were not"""
        def now():
            leases, held = len(self.lent()), len(ours(self.want))
            return f"{leases} leases, {held} cgroups" if leases and held else ""
        return eventually(now)

    def borrows(self, since, seconds=60):
        """Waits for a lease that was given after `since`. @return seconds from there; None: none was"""
        def fresh():
            return [g for g in self.lent() if g["lease"]["ageSeconds"] < time.monotonic() - since]
        return time.monotonic() - since if eventually(fresh, seconds) else None

    def started(self):
        """@return by container ID how often it was started before"""
        return {s["containerID"]: s["restartCount"] for p in self.pods("-A") for kind in ("initContainerStatuses", "containerStatuses")
                for s in p["status"].get(kind, []) if "containerID" in s}

    @contextlib.contextmanager
    def without(self, name):
        """It is started again whatever happens."""
        self.node.stop(name)
        try:
            yield
        finally:
            self.node.start(name)
            self.node.wait_for(name)

    def answers(self):
        """By way of API server, kubelet and containerd, whichever of them has just come back."""
        with contextlib.suppress(RuntimeError):
            return daemon.headroomctl(self.node, "status")
        return ""

    def at_rest(self):
        """Paused, while steps want more. @return whether all values are the specs', the words for it, what of ours is left"""
        daemon.headroomctl(self.node, "pause")
        try:
            pods = self.pods("-A")
            holds, words = values.are_the_spec(pods)
            return holds, words, residue(pods) + self.entries()
        finally:
            daemon.headroomctl(self.node, "resume")

    def entries(self):
        findings = json.loads(daemon.says(self.node, "-o", "json", "doctor"))["findings"]
        fact = [f["fact"] for f in findings if f["topic"] == "ledger"][0]   # "0 files hold something of ours, and a guard stands by"
        return [f"ledger: {fact}"] if int(fact.split()[0]) else []

    def over(self, fault, struck, again, holds, words, back="held"):
        """A fault and its recovery: their row, and their verdict."""
        eventually(self.answers)
        rest, said, left = self.at_rest()
        self.rows.append([fault, struck or "nothing", back if rest else "LOST", after(again), "; ".join(left) or "none"])
        check(struck and again is not None and holds and rest and not left,
              f"{fault}, {struck or 'nothing'} out: {words}; borrowing again {after(again)}; paused: {said}, {len(left)} things left"
              + "".join(f"\n  {line}" for line in left))

    def kubelet_restarted(self):
        before = int(read(f"{BURSTABLE}/cpu.shares"))
        struck = self.strikes()
        with Shares() as shares:
            began = time.monotonic()
            with self.without("kubelet"):
                lent = self.borrows(time.monotonic(), 20)
            again = self.borrows(time.monotonic())
            back = eventually(lambda: len(shares.seen) > 1 and shares.seen[-1][1] == before, 120)
        story = ", ".join(f"{value} at {at - began:.1f} s" for at, value in shares.seen)
        itself, pods = in_the_ledger(IN_LEDGER)
        kubelets = back and {value for _, value in shares.seen} <= {before, 2}
        self.over("kubelet restarted", struck, again, lent is not None and kubelets and (itself, pods) == (False, True),
                  f"without it a new lease {after(lent)}; burstable's shares {story}; "
                  f"the ledger has {'burstable ITSELF' if itself else 'not burstable itself'}, and {'pods' if pods else 'NO pods'} in it")

    def containerd_restarted(self):
        before = self.started()
        struck = self.strikes()
        with self.without("containerd"):
            lent = self.borrows(time.monotonic(), 20)
        again = self.borrows(time.monotonic())
        same = eventually(lambda: self.started() == before)
        self.over("containerd restarted", struck, again, lent is not None and same,
                  f"without it a new lease {after(lent)}; "
                  f"{len(before)} containers, {'all' if same else 'not all'} of them live on")

    def api_server_stopped(self):
        struck, before = self.strikes(), self.lent_seconds()
        with self.without("kube-apiserver"):
            time.sleep(OUTAGE)
            late = self.borrows(time.monotonic(), 30)
            lent = self.lent_seconds() - before
        self.node.wait_for("kubelet")
        again = self.borrows(time.monotonic())
        self.over(f"API server stopped for {OUTAGE:.0f} s", struck, again, late is not None and lent > 0,
                  f"{lent:.1f} CPU-s lent meanwhile, and then a new lease {after(late)}")

    def own(self):
        """@return the daemon's pod, and the status of its container there"""
        p = daemon.pods(self.node)[0]
        return p, [s for s in p["status"]["containerStatuses"] if s["name"] == "headroomd"][0]

    def back_after(self, pid):
        """Waits for its death. @return cgroups with something of ours just before, and seconds from then until none has; None: not seen"""
        held, alive, end = [], time.monotonic(), time.monotonic() + 30
        while lives(pid):
            if time.monotonic() > end:
                return None
            alive, held = time.monotonic(), ours(self.want)
            time.sleep(0.01)
        while ours(self.want):
            if time.monotonic() > end:
                return None
            time.sleep(0.01)
        return len(held), time.monotonic() - alive

    def killed_for_memory(self):
        p, status = self.own()
        group = f"kubepods/{values.class_directory(p)}pod{p['metadata']['uid']}/{status['containerID'].split('//')[1]}"
        pid = int(read(f"{values.CPU}/{group}/cgroup.procs").split()[0])
        limit = int(read(f"{MEMORY}/{group}/memory.limit_in_bytes")) >> 20
        struck = self.strikes()
        with filling(f"{self.node.state}/filling", group, pid):
            began = time.monotonic()
            back = self.back_after(pid)
        again = self.borrows(began, 120)
        up = eventually(lambda: (now := self.own()[1])["restartCount"] > status["restartCount"] and now["ready"] and now, 120)
        ended = up["lastState"]["terminated"] if up else {}
        self.node.kubectl("rollout", "status", f"daemonset/{RELEASE}", "-n", NAMESPACE, "--timeout=60s")
        guard = self.node.kubectl("logs", "-n", NAMESPACE, p["metadata"]["name"], "-c", "guard").splitlines()[-2:]
        took = "never" if back is None else f"{back[1] * 1000:.0f} ms"
        self.over("daemon killed by its memory limit", struck, again, back and back[1] < SOON and ended.get("reason") == "OOMKilled",
                  f"limit {limit} MiB, {ended.get('reason')}, status {ended.get('exitCode')}; {back[0] if back else '?'} cgroups "
                  f"held ours, put back after {took}; {guard}", f"back after {took}")

    def resize(self, name, limit):
        """@return whether it held a lease then, and seconds until pod and container had what their specs say; None: never"""
        borrowed = bool(eventually(lambda: [g for g in self.lent() if g["pod"] == name], 15))
        patch = {"spec": {"containers": [{"name": "main", "resources": cpu("50m", limit)}]}}
        began = time.monotonic()
        self.node.kubectl("patch", "pod", name, "--subresource=resize", "-p", json.dumps(patch))
        one = self.pods("--field-selector", f"metadata.name={name}")
        settled = eventually(lambda: not values.differences(one)[1], 20)   # between two leases, if there are any
        return borrowed, time.monotonic() - began if settled else None

    def resized(self):
        """Up and down, each time another pod: after two writes of kubelet's within a minute the daemon keeps off a pod for ten."""
        results, wrong = [], []
        for number in range(RESIZES // 2):
            name = f"resized-{number}"
            self.apply(pod(name, STEP, burster()))
            self.node.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")
            for limit in ("400m", "200m"):
                results.append(self.resize(name, limit))
                if results[-1][1] is None:
                    wrong.append(f"{name} to {limit}")
            if number % 5 == 4:
                holds, said, _ = self.at_rest()
                wrong += [] if holds else [said]
            self.node.kubectl("delete", f"pod/{name}", "--wait=false")
        eventually(lambda: not strays(self.pods("-A")))
        again = self.borrows(time.monotonic())
        lent, times = sum(b for b, _ in results), [t for _, t in results if t is not None]
        settled = f"{len(times)} of {len(results)} settled, the slowest after {max(times, default=0):.1f} s"
        self.over(f"{len(results)} resizes in place", f"{lent} of {len(results)} leases" if lent else "", again,
                  not wrong and lent >= len(results) // 2, f"{settled}, {len(wrong)} wrong" + "".join(f"\n  {w}" for w in wrong), settled)

    def evicted(self):
        victim = self.pods("--field-selector", "metadata.name=step-two")[0]
        uid, before = victim["metadata"]["uid"], self.started()
        own = {s["containerID"] for s in victim["status"]["containerStatuses"]}
        others = {i: count for i, count in before.items() if i not in own}
        struck = self.strikes() if eventually(lambda: [g for g in self.lent() if g["podUid"] == uid]) else ""
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "step-two", "namespace": "default"}}
        began = time.monotonic()
        self.node.kubectl("create", "--raw", "/api/v1/namespaces/default/pods/step-two/eviction", "-f", "-", input=json.dumps(eviction))
        gone = eventually(lambda: not os.path.isdir(f"{BURSTABLE}/pod{uid}") and not any(g["podUid"] == uid for g in self.all_groups()))
        seconds = time.monotonic() - began
        again = self.borrows(time.monotonic())
        self.know()
        same = eventually(lambda: self.started() == others)
        self.over("pod evicted", struck, again, gone and same, f"its cgroup and its group in the report {'' if gone else 'not '}gone after "
                  f"{seconds:.1f} s, {len(others)} other containers {'' if same else 'not all '}as before")

    def uninstalled(self):
        struck = self.strikes()
        daemon.helm(self.node, "uninstall")
        pods = self.pods("-A")
        holds, words = values.are_the_spec(pods)
        left = residue(pods)
        self.rows.append(["helm uninstall", struck or "nothing", "back" if holds else "LOST", "-", "; ".join(left) or "none"])
        check(struck and holds and not left, f"helm uninstall, {struck or 'nothing'} out: {words}, {len(left)} things left"
              + "".join(f"\n  {line}" for line in left))

    def tabled(self):
        lines = ["| " + " | ".join(cells) + " |" for cells in (HEADER, ["---"] * len(HEADER), *self.rows)]
        print("\n".join(lines), flush=True)
        if "HEADROOM_CLUSTER_TABLES" in os.environ:
            write(f"{os.environ['HEADROOM_CLUSTER_TABLES']}/faults.md", "\n".join(lines) + "\n")

    def away(self):
        self.node.kubectl("delete", "pods", "--all")
        daemon.away(self.node)


def run(node):
    part = Faults(node)
    part.run(part.begins, part.kubelet_restarted, part.containerd_restarted, part.api_server_stopped, part.killed_for_memory, part.resized,
             part.evicted, part.uninstalled, part.tabled, part.away)
