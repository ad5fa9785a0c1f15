"""The chart on a real DaemonSet controller: observe, enforce, uninstall."""
import json
import re
import time

import daemon
import values
from checks import Part, check, container, cpu, eventually, pod
from daemon import NAMESPACE, RELEASE
from node import read

ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"
# Waits a second, wants a CPU for two, and again.
BURSTS = "while :; do sleep 1; end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do :; done; done"


class Chart(Part):
    def steps(self):
        return self.pods("--field-selector", "metadata.name=step")

    def group(self):
        """@return container ID and directory of the step's container"""
        directory = list(values.expected(self.steps()[0]))[-1]
        return directory.rsplit("/", 1)[1], directory

    def a_step_runs(self):
        """Known by Argo's label."""
        main = container("main", cpu("100m", "200m"), "sh", "-c", BURSTS)
        self.apply(pod("step", {"workflows.argoproj.io/workflow": "by-hand"}, main))
        self.node.kubectl("wait", "--for=condition=Ready", "pod/step", "--timeout=60s")

    def observes(self):
        began = time.monotonic()
        daemon.install(self.node)
        seconds, ours = time.monotonic() - began, daemon.pods(self.node)[0]
        context, owner = ours["spec"]["containers"][0]["securityContext"], ours["metadata"]["ownerReferences"][0]["kind"]
        check(owner == "DaemonSet" and context["runAsUser"] == 65534 and context["readOnlyRootFilesystem"],
              f"helm install (observe): the DaemonSet is ready after {seconds:.1f} s, uid {context['runAsUser']}, read-only")

    def names_pods(self):
        at, (container_id, _) = daemon.control_socket(self.node), self.group()
        group = eventually(lambda: daemon.groups(at).get(container_id), 40) or {}
        named = eventually(lambda: daemon.groups(at)[container_id]["step"], 40) or {}
        known = (group.get("pod"), named.get("engine"))
        check(known == ("step", "argo"), f"the step is known by name: pod {known[0]}, engine {known[1]}")
        status = json.loads(daemon.headroomctl(self.node, "-o", "json", "status"))
        kubelet = next((s for s in status["sources"] if s["name"] == "kubelet"), {})
        check(status["mode"] == "observe" and kubelet.get("up"), f"headroomctl in the pod: mode {status['mode']}, kubelet {kubelet}")
        time.sleep(5)
        holds, words = values.are_the_spec(self.steps())
        check(holds, f"observe, a step throttled for 5 s: {words}")

    def enforces(self):
        began = time.monotonic()
        daemon.helm(self.node, "upgrade", "--reuse-values", "--set", "mode=enforce")
        context = daemon.pods(self.node)[0]["spec"]["containers"][0]["securityContext"]
        check(context["runAsUser"] == 0, f"helm upgrade (enforce): the DaemonSet is ready after {time.monotonic() - began:.1f} s")
        began, (container_id, directory) = time.monotonic(), self.group()
        own = values.expected(self.steps()[0])[directory][0]
        quota = eventually(lambda: values.found(directory)[0] if values.found(directory)[0] != own else 0, 60)
        seconds = time.monotonic() - began
        lent = eventually(lambda: daemon.groups(daemon.SOCKET)[container_id]["lentCpuSeconds"], 20)
        check(quota and lent, f"the step borrows: its quota {own} is {quota} us after {seconds:.1f} s, lent {lent} CPU-s by then")

    def no_warning(self):
        events = json.loads(self.node.kubectl("get", "events", "-n", NAMESPACE, "-o", "json"))["items"]
        # kubelet says so of a pod that is not up yet: that is what the probe is for.
        bad = [e["message"] for e in events if e["type"] != "Normal" and not re.match("(Startup|Readiness) probe failed", e["message"])]
        check(not bad, f"events of {NAMESPACE} before the uninstall: {len(events)}, warnings {len(bad)}" + "".join(f"\n  {m}" for m in bad))

    def uninstalls(self):
        began = time.monotonic()
        daemon.helm(self.node, "uninstall")
        seconds, gone = time.monotonic() - began, not daemon.pods(self.node)
        holds, words = values.are_the_spec(self.pods("-A"))
        check(gone and holds, f"helm uninstall, {seconds:.1f} s: {words}")

    def wrote_nothing(self):
        log = [json.loads(line) for line in read(f"{self.node.state}/logs/audit.json").splitlines()]
        ours = [e for e in log if e["user"]["username"] == ACCOUNT]
        kubelets = [e for e in log if e["user"]["username"].startswith("system:node:")]
        check(kubelets and not ours, f"API server's audit log: {len(log)} writes, {len(kubelets)} by kubelet, {len(ours)} by {ACCOUNT}")

    def away(self):
        self.node.kubectl("delete", "pod/step")
        daemon.away(self.node)


def run(node):
    part = Chart(node)
    part.run(part.a_step_runs, part.observes, part.names_pods, part.enforces, part.no_warning, part.uninstalls,
             part.wrote_nothing, part.away)
