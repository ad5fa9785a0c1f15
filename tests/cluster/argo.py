"""Argo's own controller and executor: a hello-world and a fan-out of six steps, lent to and recognised."""
import glob
import json
import time

import daemon
import values
from checks import Part, check, cpu, eventually
from daemon import NAMESPACE
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
LOOP = "i=0; while [ $i -lt {} ]; do i=$((i + 1)); done"   # 1.2 million are one CPU-second or so
CONTROL = "/run/headroom/state/control.sock"


def workflow(name, templates):
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": name, "namespace": "argo"},
            "spec": {"entrypoint": templates[0]["name"], "templates": templates}}


def template(name, resources, command):
    return {"name": name, "container": {"image": "localhost/busybox:1", "imagePullPolicy": "Never", "resources": resources,
                                        "command": ["sh", "-c", command]}}


HELLO = workflow("hello", [template("hello", {}, "echo hello world")])


def fanout(name, loops):
    return workflow(name, [{"name": "all", "steps": [[{"name": "work", "template": "burn", "withSequence": {"count": "6"}}]]},
                           template("burn", cpu("100m", "200m"), LOOP.format(loops))])


class Argo(Part):
    def controller_runs(self):
        self.node.kubectl("apply", "--server-side", *[word for file in sorted(glob.glob(CRDS)) for word in ("-f", file)])
        self.node.kubectl("apply", "-f", "-", input=SETUP)
        self.node.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        self.node.start("workflow-controller")
        self.node.kubectl("create", "namespace", NAMESPACE)
        self.node.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=privileged")
        daemon.helm(self.node, "install", "--set", "mode=enforce")
        check(self.node.runs("workflow-controller"), "Argo's controller runs, the DaemonSet enforces")

    def phase(self, name):
        return json.loads(self.node.kubectl("get", "workflow", name, "-n", "argo", "-o", "json")).get("status", {}).get("phase")

    def watched(self, document):
        """Runs a workflow. @return its phase, seconds, and by container ID what the daemon said of it last"""
        name, seen, began = document["metadata"]["name"], {}, time.monotonic()
        self.apply(document)
        while time.monotonic() - began < 180:
            for _ in range(5):
                seen.update({i: g for i, g in daemon.groups(CONTROL).items() if g["namespace"] == "argo"})
                time.sleep(0.1)
            if self.phase(name) in ("Succeeded", "Failed", "Error"):
                break
        return self.phase(name), time.monotonic() - began, seen

    def says_hello(self):
        phase, seconds, _ = self.watched(HELLO)
        check(phase == "Succeeded", f"hello-world: {phase} after {seconds:.1f} s")

    def fans_out(self):
        phase, seconds, seen = self.watched(fanout("fanout", 1200000))
        pods = self.pods("-n", "argo", "-l", "workflows.argoproj.io/workflow=fanout")
        check(phase == "Succeeded" and len(pods) == 6, f"fan-out: {phase} after {seconds:.1f} s, {len(pods)} steps")
        mains, steps = [], set()
        for pod in pods:
            status = next(s for s in pod["status"]["containerStatuses"] if s["name"] == "main")
            group = seen.get(status["containerID"].split("//")[1], {})
            step = group.get("step") or {}
            mains.append(group)
            said = [step.get(key) for key in ("engine", "workflow", "template")] + [group.get("pod")]
            if said == ["argo", "fanout", "burn", pod["metadata"]["name"]]:
                steps.add(step["step"])
        lent, stood = ([g[key] for g in mains if g] for key in ("lentCpuSeconds", "throttledSeconds"))
        names = " ".join(sorted(steps))
        check(len(steps) == 6, f"recognised as engine argo, workflow fanout, template burn: {len(steps)} of 6 mains ({names})")
        check(sum(x > 0 for x in lent) >= 5, f"lent to, CPU-s: {' '.join(f'{x:.3f}' for x in lent)}; "
              f"throttled, s: {' '.join(f'{x:.2f}' for x in stood)}")

    def uninstalled_in_between(self):
        """While steps run and hold leases."""
        self.apply(fanout("cut", 6000000))
        lent = eventually(lambda: [g for g in daemon.groups(CONTROL).values() if g["lease"] and g["namespace"] == "argo"])
        daemon.helm(self.node, "uninstall")
        running = self.pods("-n", "argo", "--field-selector", "status.phase=Running")
        holds, words = values.are_the_spec(running)
        check(lent and running and holds, f"helm uninstall while {len(lent or [])} steps hold leases: {len(running)} pods go on, {words}")
        ended = eventually(lambda: self.phase("cut") == "Succeeded", 120)
        check(ended, f"that workflow: {self.phase('cut')}")

    def away(self):
        self.node.stop("workflow-controller")
        self.node.kubectl("delete", f"namespace/{NAMESPACE}", "namespace/argo")


def run(node):
    part = Argo(node)
    part.run(part.controller_runs, part.says_hello, part.fans_out, part.uninstalled_in_between, part.away)
