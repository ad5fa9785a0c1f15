"""Argo's own controller and executor: a hello-world and a fan-out of six steps, lent to and recognised."""
import glob
import time

import daemon
import values
import watch
from api import Api
from checks import Part, check, eventually
from loads import workflows
from loads.steps import Runner
from node import REPO

CRDS = f"{REPO}/build/cluster/argo-workflows-v3.7.3/manifests/base/crds/minimal/argoproj.io_*.yaml"
SETUP = """
apiVersion: v1
kind: Namespace
metadata: {name: argo}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: workflow-controller-configmap, namespace: argo}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: executor, namespace: argo}
rules: [{apiGroups: [argoproj.io], resources: [workflowtaskresults], verbs: [create, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: executor, namespace: argo}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: executor}
subjects: [{kind: ServiceAccount, name: default, namespace: argo}]
"""


def set_up(node, *words):
    """Argo's controller, and ours by the chart: in enforce, unless `words` of helm say otherwise."""
    node.kubectl("apply", "--server-side", *[word for file in sorted(glob.glob(CRDS)) for word in ("-f", file)])
    node.kubectl("apply", "-f", "-", input=SETUP)
    node.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    node.start("workflow-controller")
    daemon.install(node, *(words or ("--set", "mode=enforce")))
    check(node.runs("workflow-controller"), "Argo's controller runs, the DaemonSet is ready")


def away(node):
    """While the chart is there still, or is not."""
    node.stop("workflow-controller")
    daemon.away(node)
    node.kubectl("delete", "namespace/argo")


class Argo(Part):
    def controller_runs(self):
        set_up(self.node)
        self.api = Api(self.node)
        self.runner = Runner(self.api)

    def watched(self, document):
        """Runs a workflow. @return its name, phase, seconds, and by container ID what the daemon said of it last"""
        began = time.monotonic()
        with watch.Reports(daemon.SOCKET, 0.1) as reports:
            name = self.runner.start(document)
            phase = self.runner.ended(name)
        return name, phase, time.monotonic() - began, reports.last

    def says_hello(self):
        _, phase, seconds, _ = self.watched(workflows.hello())
        check(phase == "Succeeded", f"hello-world: {phase} after {seconds:.1f} s")

    def fans_out(self):
        name, phase, seconds, seen = self.watched(workflows.fanout("fanout", 6, 1200000, processes=1))
        pods = self.runner.pods(name)
        check(phase == "Succeeded" and len(pods) == 6, f"fan-out: {phase} after {seconds:.1f} s, {len(pods)} steps")
        mains, steps = [], set()
        for pod in pods:
            status = next(s for s in pod["status"]["containerStatuses"] if s["name"] == "main")
            group = seen.get(status["containerID"].split("//")[1], {})
            step = group.get("step") or {}
            mains.append(group)
            said = [step.get(key) for key in ("engine", "workflow", "template")] + [group.get("pod")]
            if said == ["argo", name, "burn", pod["metadata"]["name"]]:
                steps.add(step["step"])
        lent, stood = ([g[key] for g in mains if g] for key in ("lentCpuSeconds", "throttledSeconds"))
        names = " ".join(sorted(steps))
        check(len(steps) == 6, f"recognised as engine argo, its workflow, template burn: {len(steps)} of 6 mains ({names})")
        check(sum(x > 0 for x in lent) >= 5, f"lent to, CPU-s: {' '.join(f'{x:.3f}' for x in lent)}; "
              f"throttled, s: {' '.join(f'{x:.2f}' for x in stood)}")

    def uninstalled_in_between(self):
        """While steps run and hold leases."""
        name = self.runner.start(workflows.fanout("cut", 6, 6000000, processes=1))
        lent = eventually(lambda: [g for g in daemon.groups(daemon.SOCKET).values() if g["lease"] and g["namespace"] == "argo"])
        daemon.helm(self.node, "uninstall")
        running = self.pods("-n", "argo", "--field-selector", "status.phase=Running")
        holds, words = values.are_the_spec(running)
        check(lent and running and holds, f"helm uninstall while {len(lent or [])} steps hold leases: {len(running)} pods go on, {words}")
        check(self.runner.ended(name) == "Succeeded", f"that workflow: {self.runner.phase(name)}")

    def away(self):
        away(self.node)


def run(node):
    part = Argo(node)
    part.run(part.controller_runs, part.says_hello, part.fans_out, part.uninstalled_in_between, part.away)
