"""At least a hundred steps of Argo and dflow: recognised, in time, and lent to before their own program's first instruction."""
import time
from contextlib import ExitStack

import daemon
import watch
from api import WORKFLOWS, Api
from checks import Part, check
from loads import workflows
from loads.steps import Runner, by_the_controller, collected
from parts import argo

ROLES = {"main": "work", "wait": "infra", "init": "infra-init"}
LEAST, SHARE, LATE = 100, 0.9, 1.0   # steps; of them lent to in time; seconds after the ID is in /pods


def manifests():
    """@return engine and manifest of each workflow"""
    few = {"parallelism": 8}
    return [("argo", workflows.hello()), ("argo", workflows.retried()), ("argo", workflows.dag()),
            ("argo", workflows.fanout("wide", 48, 240000, **few)), ("argo", workflows.fanout("other", 40, 240000, **few)),
            ("dflow", workflows.dflow("hello")), *(("dflow", workflows.dflow("slices")) for _ in range(4))]


class Engines(Part):
    def set_up(self):
        self.node.load("debian")
        argo.set_up(self.node)
        self.api = Api(self.node)
        self.runner = Runner(self.api)

    def run_all(self):
        began = time.monotonic()
        with ExitStack() as stack:
            self.tasks, self.quotas, self.reports, self.kubelet = (stack.enter_context(watching) for watching in (
                watch.Tasks(), watch.Quotas(), watch.Reports(daemon.SOCKET, 0.1), watch.Kubelet(self.api, 0.2)))
            started = [(engine, self.runner.start(document)) for engine, document in manifests()]
            phases = {name: self.runner.ended(name, 400) for _, name in started}
        self.workflows = {name: (engine, self.api.get(f"{WORKFLOWS}/{name}")) for engine, name in started}
        well = sum(phase == "Succeeded" for phase in phases.values())
        check(well == len(phases), f"{well} of {len(phases)} workflows succeeded in {time.monotonic() - began:.0f} s" +
              "".join(f"\n  {name}: {phase or 'not ended'}: {self.runner.trouble(name)}" for name, phase in phases.items() if phase != "Succeeded"))
        self.pods = [(name, pod) for name in phases for pod in self.runner.pods(name)]

    def recognised(self):
        wrong, counts, self.judged, self.brief = [], {}, 0, 0
        for name, pod in self.pods:
            engine, workflow = self.workflows[name]
            counts[engine] = counts.get(engine, 0) + 1
            wrong += self.differences(pod, engine, workflow)
        check(not wrong and len(self.pods) >= LEAST,
              f"engine, workflow, step, attempt, slice and role of {len(self.pods)} steps ({counts}), {self.judged} containers, as the controller "
              f"has them: {len(wrong)} differences; {self.brief} more containers ended within a second of their ID in /pods" + "".join(f"\n  {line}" for line in wrong[:20]))

    def differences(self, pod, engine, workflow):
        """A line for each that the daemon does not have as Argo has it."""
        name = pod["metadata"]["name"]
        step, attempt, slice_ = by_the_controller(pod, workflow)
        want = {"engine": engine, "workflow": workflow["metadata"]["name"], "step": step, "attempt": attempt, "slice": slice_}
        out = []
        for status in pod["status"]["initContainerStatuses"] + pod["status"]["containerStatuses"]:
            container, role = status["containerID"].split("//")[1], ROLES[status["name"]]
            if container not in self.reports.named and self.tasks.ended[container] < self.kubelet.listed.get(container, float("inf")) + LATE:
                self.brief += 1
                continue
            self.judged += 1
            group = self.reports.last.get(container, {"step": None, "role": "never seen"})
            have = {key: (group["step"] or {}).get(key) for key in want}
            if have != want or group["role"] != role:
                out.append(f"{name}: {status['name']}: {have} {group['role']}, want {want} {role}")
        return out

    def in_time(self):
        mains = [status["containerID"].split("//")[1] for _, pod in self.pods
                 for status in pod["status"]["containerStatuses"] if status["name"] == "main"]
        late = [self.reports.named.get(m, float("inf")) - self.kubelet.listed[m] for m in mains if m in self.kubelet.listed]
        check(len(late) >= LEAST and max(late) <= LATE,
              f"named after kubelet's /pods has the container's ID: {quantiles(late, '{:.2f}')} s, of {len(late)} mains")

    def lent_before_the_first_instruction(self):
        steps = [s for s in collected([pod for _, pod in self.pods], 0, self.tasks) if s.own > 0]
        ahead = [s.times["begin"] - (self.quotas.lent_from(s.container, s.own) or float("inf")) for s in steps if "begin" in s.times]
        share = sum(a >= 0 for a in ahead) / max(1, len(ahead))
        check(share >= SHARE and len(ahead) >= LEAST * 0.9,
              f"a lease is out before the step's own program begins: {share * 100:.1f} % of {len(ahead)}; ahead of it {quantiles(ahead, '{:.3f}')} s")

    def away(self):
        argo.away(self.node)


def quantiles(values, form):
    ranked = sorted(values)
    if not ranked:
        return "none"
    places = {"least": 0, "median": 0.5, "p90": 0.9, "most": 1}
    return " / ".join(f"{word} {form.format(ranked[min(len(ranked) - 1, int(q * len(ranked)))])}" for word, q in places.items())


def run(node):
    part = Engines(node)
    part.run(part.set_up, part.run_all, part.recognised, part.in_time, part.lent_before_the_first_instruction, part.away)
