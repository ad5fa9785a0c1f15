"""What the cluster itself must do before anything else is tried on it."""
import glob
import json
import ssl
import time
import urllib.error
import urllib.request

import values
from checks import Part, check, container, cpu, eventually, pod
from node import KUBELET

GUARANTEED = {kind: {"cpu": "250m", "memory": "32Mi"} for kind in ("requests", "limits")}


def workloads():
    """One of each class, and three of a Deployment."""
    template = pod("", {"app": "three"}, container("main", cpu("100m", "200m")))
    template["metadata"].pop("name")
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "three"},
                  "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "three"}},
                           "template": {"metadata": template["metadata"], "spec": dict(template["spec"], terminationGracePeriodSeconds=1)}}}
    return {"apiVersion": "v1", "kind": "List", "items": [
        deployment, pod("guaranteed", {}, container("main", GUARANTEED)), pod("besteffort", {}, container("main", {}))]}


class Basic(Part):
    def placed_and_ready(self):
        began = time.monotonic()
        self.apply(workloads())
        self.node.kubectl("rollout", "status", "deployment/three", "--timeout=120s")
        self.node.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
        seconds = time.monotonic() - began
        events = json.loads(self.node.kubectl("get", "events", "-o", "json", "--field-selector", "reason=Scheduled"))["items"]
        placed = [e for e in events if "default-scheduler" in (e.get("reportingComponent"), e.get("source", {}).get("component"))]
        check(len(placed) == 5, f"5 pods ready {seconds:.1f} s after they were wanted, {len(placed)} placed by the scheduler")

    def kubelet_answers(self):
        self.node.kubectl("create", "clusterrole", "reads-pods", "--verb=get", "--resource=nodes/pods")
        for name in ("reader", "stranger"):
            self.node.kubectl("create", "serviceaccount", name)
        self.node.kubectl("create", "clusterrolebinding", "reads-pods", "--clusterrole=reads-pods", "--serviceaccount=default:reader")
        context = ssl.create_default_context(cafile=self.node.certificate("ca"))
        answers = {}
        for name in ("reader", "stranger"):
            token = self.node.kubectl("create", "token", name).strip()
            request = urllib.request.Request(f"{KUBELET}/pods", headers={"Authorization": f"Bearer {token}"})
            try:
                with urllib.request.urlopen(request, context=context) as answer:
                    answers[name] = (answer.status, len(json.load(answer)["items"]))
            except urllib.error.HTTPError as e:
                answers[name] = (e.code, 0)
        check(answers == {"reader": (200, 5), "stranger": (403, 0)},
              f"kubelet's /pods, its certificate verified: HTTP {answers['reader'][0]} and {answers['reader'][1]} pods "
              f"for whom may get nodes/pods, HTTP {answers['stranger'][0]} for a stranger")

    def values_are_the_spec(self):
        holds, words = values.are_the_spec(self.pods())
        check(holds, f"3 burstable, a guaranteed and a besteffort pod: {words}")

    def resized(self):
        name = self.pods("-l", "app=three")[0]["metadata"]["name"]
        for limit in ("400m", "200m"):
            patch = {"spec": {"containers": [{"name": "main", "resources": cpu("100m", limit)}]}}
            began = time.monotonic()
            self.node.kubectl("patch", "pod", name, "--subresource=resize", "-p", json.dumps(patch))
            one = self.pods("--field-selector", f"metadata.name={name}")
            settled = eventually(lambda: not values.differences(one)[1], 20)
            quotas = [values.found(d)[0] for d in values.expected(one[0])]
            check(settled and quotas == [values.milli(limit) * 100] * 2,
                  f"resize to {limit}: quotas of pod and container {quotas} after {time.monotonic() - began:.2f} s")

    def gone(self):
        began = time.monotonic()
        self.node.kubectl("delete", "deployment/three", "pod/guaranteed", "pod/besteffort")
        empty = eventually(lambda: not self.pods() and not glob.glob(f"{values.CPU}/kubepods/**/pod*", recursive=True))
        check(empty, f"deleted: pods and their cgroups gone {time.monotonic() - began:.1f} s later")


def run(node):
    part = Basic(node)
    part.run(part.placed_and_ready, part.kubelet_answers, part.values_are_the_spec, part.resized, part.gone)
