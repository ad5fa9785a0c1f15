"""Steps: started, waited for, and what became of each."""
import glob
import re
from dataclasses import dataclass, field

import watch
from api import WORKFLOWS
from checks import eventually
from node import read


@dataclass
class Step:
    pod: str
    uid: str
    namespace: str
    container: str           # ID of the container that works
    own: int                 # its quota by the spec in us; -1: none
    created: float           # when the workflow was asked for
    times: dict = field(default_factory=dict)   # task, begin, end, exit: seconds since the epoch
    throttled: float = 0     # s, summed over CPUs, as the daemon last saw it
    lent: float = 0          # CPU-s


def work_container(pod):
    """@return name of the container in which the user's program runs: Argo's main, Flyte's primary one"""
    return pod["metadata"].get("annotations", {}).get("primary_container_name", "main")


def own_quota(pod, name):
    limit = next(c for c in pod["spec"]["containers"] if c["name"] == name)["resources"].get("limits", {}).get("cpu")
    if limit is None:
        return -1
    return int(limit[:-1]) * 100 if limit.endswith("m") else int(limit) * 100000


def step_of(pod, created):
    name = work_container(pod)
    status = next(s for s in pod["status"]["containerStatuses"] if s["name"] == name)
    meta = pod["metadata"]
    step = Step(meta["name"], meta["uid"], meta["namespace"], status["containerID"].split("//")[1], own_quota(pod, name), created)
    step.times.update(said_by(pod, name))
    return step


def said_by(pod, container):
    """When the user's program said that it begins and ends: containerd writes the time of each line."""
    meta, times = pod["metadata"], {}
    for file in sorted(glob.glob(f"/var/log/pods/{meta['namespace']}_{meta['name']}_{meta['uid']}/{container}/*.log")):
        for line in read(file).splitlines():
            told = re.fullmatch(r"(\S+) std(?:out|err) \S user (begin|end)", line)
            if told:
                times.setdefault(told[2], watch.epoch(told[1]))
    return times


class Runner:
    """Starts workflows and waits for the ends of their steps, not for the controller's, which looks every ten seconds."""

    def __init__(self, api):
        self.api = api

    def start(self, document):
        """@return name of the workflow"""
        return self.api.create(WORKFLOWS, document)["metadata"]["name"]

    def pods(self, name):
        return self.api.pods("argo", f"workflows.argoproj.io/workflow={name}")

    def phase(self, name):
        return self.api.get(f"{WORKFLOWS}/{name}").get("status", {}).get("phase", "")

    def trouble(self, name):
        """@return what has not succeeded, with the controller's messages"""
        nodes = self.api.get(f"{WORKFLOWS}/{name}").get("status", {}).get("nodes", {}).values()
        return "; ".join(f"{n['name']} {n['phase']} {n.get('message', '')}" for n in nodes if n["phase"] != "Succeeded")

    def ended(self, name, seconds=240):
        """Waits for the workflow itself. @return its phase"""
        return eventually(lambda: (p := self.phase(name)) in ("Succeeded", "Failed", "Error") and p, seconds)

    def mains(self, name):
        """@return IDs of the containers that work, of those pods which have one by now"""
        return [s["containerID"].split("//")[1] for pod in self.pods(name) for s in pod["status"].get("containerStatuses", [])
                if s["name"] == work_container(pod) and "containerID" in s]

    def steps_ended(self, name, count, tasks, seconds=180):
        """Waits until `count` steps of a workflow have ended, by containerd's events: asking costs what is measured. @return whether they did"""
        mains = eventually(lambda: len(m := self.mains(name)) >= count and m, seconds, 1)
        return mains and eventually(lambda: all(m in tasks.ended for m in mains), seconds)

    def forget(self, name):
        self.api.delete(f"{WORKFLOWS}/{name}")


def collected(pods, created, tasks):
    """Of pods whose containers have ended. @return their steps, with containerd's times"""
    out = []
    for pod in pods:
        step = step_of(pod, created)
        step.times.update({word: of[step.container] for word, of in (("task", tasks.started), ("exit", tasks.ended)) if step.container in of})
        out.append(step)
    return out


def by_the_controller(pod, workflow):
    """What Argo's own status says of a pod. @return step, attempt, slice"""
    name = workflow["status"]["nodes"][pod["metadata"]["annotations"]["workflows.argoproj.io/node-id"]]["name"]
    attempt, slice_ = re.search(r"\((\d+)\)$", name), re.search(r"\((\d+):[^()]*\)(?:\(\d+\))?$", name)
    return name, int(attempt[1]) if attempt else None, int(slice_[1]) if slice_ else None
