"""A controller as small as the test needs: an execution is an object, its tasks are pods that it owns, a failed one is tried again."""
import itertools

from loads import workflows

EXECUTIONS = "/apis/flyte.lyft.com/v1alpha1/namespaces/flyte/flyteworkflows"
PODS = "/api/v1/namespaces/flyte/pods"
ATTEMPTS = 3


class Flyte:
    numbers = itertools.count(1)

    def __init__(self, api):
        self.api, self.running = api, {}

    def start(self, limit, tasks=1):
        """@return the execution's name"""
        name = f"a7k3m9q2x8r5t1w6z{next(self.numbers):03d}"
        made = self.api.create(EXECUTIONS, {"apiVersion": "flyte.lyft.com/v1alpha1", "kind": "flyteworkflow", "metadata": {"name": name}})
        for number in range(tasks):
            self.try_task(name, made["metadata"]["uid"], number, 0, limit)
        return name

    def try_task(self, execution, owner, number, attempt, limit):
        pod = workflows.flyte_task(execution, owner, number, attempt, limit)
        self.api.create(PODS, pod)
        self.running[pod["metadata"]["name"]] = (execution, owner, number, attempt, limit)

    def reconcile(self):
        """Once: what has failed is tried again. @return whether all tasks of all executions have ended"""
        for pod in self.api.pods("flyte"):
            name, phase = pod["metadata"]["name"], pod["status"]["phase"]
            if phase in ("Succeeded", "Failed") and name in self.running:
                execution, owner, number, attempt, limit = self.running.pop(name)
                if phase == "Failed" and attempt + 1 < ATTEMPTS:
                    self.try_task(execution, owner, number, attempt + 1, limit)
        return not self.running

    def forget(self, execution):
        """Its pods go with it: the garbage collector's work."""
        self.api.delete(f"{EXECUTIONS}/{execution}")
