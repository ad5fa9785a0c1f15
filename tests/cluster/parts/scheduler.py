"""The node's label, the stock scheduler and a second Node: steps that would rather start where CPU can be borrowed do so."""
import contextlib
import os
import shutil
import time
from datetime import datetime, timezone

import daemon
from api import Api
from checks import Part, check, container, cpu, eventually, pod
from daemon import NAMESPACE, RELEASE
from node import ADDRESS, NODE, read
from watch import Background, epoch

LABEL = "headroom.io/lendable-cpus"
SECOND = "node-2"
NODES, LEASES = "/api/v1/nodes", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
FEATURES = "/var/lib/headroom-features"   # where node-feature-discovery would read them on this node
STEPS = 6
# Whole numbers only, and a node without the label does not match.
AFFINITY = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
    {"weight": 50, "preference": {"matchExpressions": [{"key": LABEL, "operator": "Gt", "values": ["0"]}]}}]}}


def now(form):
    return datetime.now(timezone.utc).strftime(form)


def features(place):
    """@return what node-feature-discovery would take from the daemon's file: its labels, until it expires"""
    try:
        lines = read(f"{place}/headroom").splitlines()
    except OSError:
        return {}
    expires = [epoch(line.split("=", 1)[1]) for line in lines if line.startswith("# +expiry-time=")]
    labels = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return labels if expires and expires[0] > time.time() else {}


def busy(number):
    """Takes what it can get on the real node, and asks for little: the scheduler sees requests, the label sees use."""
    out = pod(f"busy-{number}", {"app": "busy"}, container("main", {"requests": {"cpu": "50m"}}, "sh", "-c", "while :; do :; done"))
    out["spec"]["nodeName"] = NODE
    return out


def step(name, affinity):
    out = pod(name, {"workflows.argoproj.io/workflow": "by-hand"}, container("main", cpu("10m", "200m")))
    out["spec"]["affinity"] = affinity
    return out


class SecondNode(Background):
    """A Node as large as the real one, without a kubelet: its Lease, renewed, keeps it alive."""

    RENEW = 5   # s; the controller gives it 50

    def __init__(self, api):
        self.api = api

    def begin(self):
        real = self.api.get(f"{NODES}/{NODE}")["status"]
        at = now("%Y-%m-%dT%H:%M:%SZ")
        ready = {"type": "Ready", "status": "True", "reason": "ByHand", "lastHeartbeatTime": at, "lastTransitionTime": at}
        # Not kubernetes.io/os, by which DaemonSets want their pods there.
        labels = {"kubernetes.io/hostname": SECOND}
        self.api.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": SECOND, "labels": labels},
                                "status": {"capacity": real["capacity"], "allocatable": real["allocatable"], "conditions": [ready]}})
        self.api.create(LEASES, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": SECOND},
                                 "spec": {"holderIdentity": SECOND, "leaseDurationSeconds": 40, "renewTime": now("%Y-%m-%dT%H:%M:%S.%fZ")}})

    def work(self):
        while not self.over.wait(self.RENEW):
            with contextlib.suppress(OSError, RuntimeError):   # the next one may do
                lease = self.api.get(f"{LEASES}/{SECOND}")
                lease["spec"]["renewTime"] = now("%Y-%m-%dT%H:%M:%S.%fZ")
                self.api.call("PUT", f"https://{ADDRESS}{LEASES}/{SECOND}", lease)

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self.api.delete(f"{LEASES}/{SECOND}")
        self.api.delete(f"{NODES}/{SECOND}")

    def usable(self):
        """@return whether the scheduler may use it: the controller has taken off the taint that every new Node has"""
        node = self.api.get(f"{NODES}/{SECOND}")
        ready = [c["status"] for c in node["status"]["conditions"] if c["type"] == "Ready"]
        return ready == ["True"] and not node["spec"].get("taints")


class Scheduler(Part):
    def __init__(self, node):
        super().__init__(node)
        self.api, self.stack = Api(node), contextlib.ExitStack()

    def begins(self):
        self.second = self.stack.enter_context(SecondNode(self.api))
        usable = eventually(self.second.usable)
        check(usable, f"a second Node without a kubelet is {'' if usable else 'not '}usable for the scheduler")
        daemon.install(self.node, "--set", f"mode=enforce,config.signals.nodeLabel=nfd,nodeFeatures.directory={FEATURES}")
        self.began = time.monotonic()

    def rolled_out(self):
        self.node.kubectl("rollout", "status", f"daemonset/{RELEASE}", "-n", NAMESPACE, "--timeout=120s")

    def label(self, name, value):
        self.node.kubectl("label", "node", name, f"{LABEL}={value}", "--overwrite")

    def told(self):
        """node-feature-discovery's part: what the daemon's file says, a minute after its start, is put on the Node. @return the value"""
        labels = eventually(lambda: features(FEATURES), 120)
        for name, value in labels.items():
            self.node.kubectl("label", "node", NODE, f"{name}={value}", "--overwrite")
        return int(labels.get(LABEL, "-1"))

    def placed(self, prefix, affinity):
        """@return how many of the steps the scheduler puts on which Node"""
        steps = [step(f"{prefix}-{number}", affinity) for number in range(STEPS)]
        self.apply({"apiVersion": "v1", "kind": "List", "items": steps})
        names = [s["metadata"]["name"] for s in steps]

        def nodes():
            chosen = [p["spec"].get("nodeName") for p in self.pods() if p["metadata"]["name"] in names]
            return chosen if len(chosen) == STEPS and all(chosen) else []
        chosen = eventually(nodes)
        self.remove(*names)
        return {node: chosen.count(node) for node in (NODE, SECOND)}

    def remove(self, *names):
        """By force: on the second Node nobody ends them."""
        self.node.kubectl("delete", *(f"pod/{name}" for name in names), "--force", "--grace-period=0")

    def prefers(self, what, told, freer):
        """By requests `freer` is the fuller one, so that without the label all would go to the other."""
        ballast = pod("ballast", {}, container("main", {"requests": {"cpu": f"{os.cpu_count() * 500}m"}}))
        ballast["spec"]["nodeName"] = freer
        self.apply(ballast)
        wanting, others = self.placed("wants", AFFINITY), self.placed("plain", {})
        self.remove("ballast")
        check(wanting[freer] == STEPS and others[freer] == 0,
              f"{what}: {LABEL} is {told[NODE]} on {NODE} and {told[SECOND]} on {SECOND}; the scheduler puts {wanting[freer]} of "
              f"{STEPS} steps with Gt affinity on {freer}, which is fuller by requests, and {others[freer]} of {STEPS} without")

    def idle(self):
        value = self.told()
        self.label(SECOND, 0)
        check(value >= 1, f"the node is idle: the label says {value} {time.monotonic() - self.began:.0f} s after the daemon's start")
        self.prefers("idle", {NODE: value, SECOND: 0}, NODE)

    def loaded(self):
        """The daemon is started again, because it does not tell of changes of less than two CPUs: a node of two has no others."""
        cpus = os.cpu_count()
        self.apply({"apiVersion": "v1", "kind": "List", "items": [busy(number) for number in range(cpus)]})
        self.node.kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=busy", "--timeout=60s")
        self.node.kubectl("rollout", "restart", f"daemonset/{RELEASE}", "-n", NAMESPACE)
        began = time.monotonic()
        self.rolled_out()
        value = self.told()
        self.label(SECOND, 1)
        check(value == 0, f"{cpus} pods keep its {cpus} CPUs busy: the label says {value} "
              f"{time.monotonic() - began:.0f} s after the daemon's start")
        self.prefers("loaded", {NODE: value, SECOND: 1}, SECOND)

    def uninstalled(self):
        daemon.helm(self.node, "uninstall")
        gone = eventually(lambda: not os.path.exists(f"{FEATURES}/headroom"), 10)
        check(gone, f"helm uninstall: the feature file is {'gone' if gone else 'still there'}")
        self.node.kubectl("label", "node", NODE, f"{LABEL}-")   # as node-feature-discovery would

    def away(self):
        self.node.kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
        self.stack.close()
        daemon.away(self.node)
        shutil.rmtree(FEATURES, ignore_errors=True)


def run(node):
    part = Scheduler(node)
    part.run(part.begins, part.idle, part.loaded, part.uninstalled, part.away)
