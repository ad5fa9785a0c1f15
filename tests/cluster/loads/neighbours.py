"""Who must not notice: a Java service (Guaranteed), an nginx (Burstable) and a GlobalFunc worker in Docker, called all the time."""
import subprocess

from checks import container, eventually, pod
from node import BIN

CALLS = f"{BIN}/calls"
PODS = {
    "java": ({kind: {"cpu": "400m", "memory": "256Mi"} for kind in ("requests", "limits")},
             ["java", "-Xmx96m", "-XX:+UseSerialGC", "-cp", "/opt/service", "Service"]),
    "nginx": ({"requests": {"cpu": "200m", "memory": "64Mi"}}, ["nginx"]),
}
WORKER = "globalfunc"
RATE = 100   # calls a second to each


def documents():
    pods = [pod(name, {"app": name}, dict(container("main", resources, *command), image="localhost/debian:1"))
            for name, (resources, command) in PODS.items()]
    return {"apiVersion": "v1", "kind": "List", "items": pods}


def worker_name(port):
    return f"m7_v101_30G_0G_{port}"


class GlobalFunc:
    """Debian's Docker engine beside the cluster, and its workers: forked HTTP servers, half a millisecond a call."""

    def __init__(self, node):
        self.node = node

    def begin(self):
        self.node.start("dockerd")
        self.node.wait_for("dockerd")
        self.node.docker("load", "--input", f"{BIN}/../more/calls.tar")

    def worker(self, port, *words):
        """@return its cgroup"""
        made = self.node.docker("run", "-d", "--name", worker_name(port), "--network", "host", *words, "localhost/calls:1",
                                "/bin/calls", "serve", str(port), "2")
        return f"docker/{made.strip()}"

    def end(self):
        for container in self.node.docker("ps", "-aq").split():
            self.node.docker("rm", "-f", container)
        self.node.stop("dockerd")


def call(target, seconds, seed, rate=RATE):
    """Begins to call. @return the process; it prints the ms of each call from its intended start"""
    return subprocess.Popen([CALLS, "load", target, str(rate), str(seconds), str(seed)], stdout=subprocess.PIPE, text=True)


class Neighbours:
    def __init__(self, api):
        self.api = api

    def targets(self):
        """@return kind -> address, once all answer"""
        def addresses():
            pods = {p["metadata"]["name"]: p["status"].get("podIP") for p in self.api.pods("default")}
            return all(pods.get(name) for name in PODS) and pods
        pods = eventually(addresses)
        out = {name: f"{pods[name]}:8080" for name in PODS} | {WORKER: "26001"}
        for name, target in out.items():
            if not eventually(lambda at=target: self.answered(at)):
                raise RuntimeError(f"{name} does not answer at {target}")
        return out

    @staticmethod
    def answered(target):
        times = call(target, 0.2, 1).communicate()[0].split()
        return times and min(map(float, times)) > 0


def times_of(process):
    """@return ms of each call. A call that was not answered is an error, not a fast one"""
    out = [float(line) for line in process.communicate()[0].split()]
    if process.returncode != 0 or not out or min(out) < 0:
        raise RuntimeError(f"{sum(ms < 0 for ms in out)} of {len(out)} calls were not answered")
    return out
