"""What is run: Argo's and dflow's workflows, and pods as Flyte makes them. `limit` "" is no CPU limit."""
import json
import subprocess

from node import REPO, HERE

LOOP = "i=0; while [ $i -lt {} ]; do i=$((i + 1)); done"   # 1.2 million are one CPU-second or so


def resources(limit, request="100m"):
    return {"requests": {"cpu": request}, "limits": {"cpu": limit} if limit else {}}


def burn(loops, processes=1):
    """A shell's command line that says when it begins and ends, as the Python image does."""
    work = " & ".join([LOOP.format(loops // processes)] * processes)
    return f"echo user begin; {work}; wait; echo user end"


def template(name, limit, command, **more):
    """limit None: neither limit nor request"""
    container = {"image": "localhost/busybox:1", "imagePullPolicy": "Never", "command": ["sh", "-c", command],
                 "resources": resources(limit) if limit is not None else {}}
    return {"name": name, "container": container, **more}


def workflow(name, templates, **more):
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"generateName": f"{name}-", "namespace": "argo"},
            "spec": {"entrypoint": templates[0]["name"], "templates": templates, **more}}


def hello():
    return workflow("hello", [template("hello", None, "echo user begin; echo hello world; echo user end")])


def fanout(name, steps, loops, limit="200m", processes=2, **more):
    return workflow(name, [{"name": "all", "steps": [[{"name": "work", "template": "burn", "withSequence": {"count": str(steps)}}]]},
                           template("burn", limit, burn(loops, processes))], **more)


def retried():
    """Fails once and then does not: two attempts, two pods."""
    flaky = template("flaky", "200m", burn(100000) + "; exit $((1 - {{retries}}))", retryStrategy={"limit": "1"})
    return workflow("retry", [{"name": "all", "steps": [[{"name": "flaky", "template": "flaky"}]]}, flaky])


def dag():
    """Tasks of a DAG, with items that are words."""
    tasks = [{"name": "first", "template": "burn"},
             {"name": "each", "template": "burn", "dependencies": ["first"], "withItems": ["red", "green", "blue"]}]
    return workflow("dag", [{"name": "all", "dag": {"tasks": tasks}}, template("burn", "200m", burn(100000))])


def dflow(which, limit="200m"):
    """Written with dflow, in its own Python; its account and retention are this cluster's. -P: our argo.py is not the package of that name."""
    made = subprocess.run([f"{REPO}/build/cluster/venv/bin/python3", "-P", f"{HERE}/loads/dflow_flow.py", which, limit], capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(f"dflow_flow.py {which}: {made.stderr.strip()[-2000:]}")
    out = json.loads(made.stdout)
    out["metadata"]["namespace"] = "argo"
    out["spec"].pop("serviceAccountName", None)
    return out


FLYTE_CRD = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "flyteworkflows.flyte.lyft.com"},
    "spec": {"group": "flyte.lyft.com", "scope": "Namespaced", "names": {"kind": "flyteworkflow", "plural": "flyteworkflows"},
             "versions": [{"name": "v1alpha1", "served": True, "storage": True,
                           "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}


def flyte_task(execution, owner, number, attempt, limit):
    """A task's pod as FlytePropeller makes it (samples of ../shared/kubernetes), starting what `pyflyte-execute` starts: its imports."""
    name = f"{execution}-n{number}-{attempt}"
    same = {"cpu": limit, "memory": "512Mi"} if limit else {"memory": "512Mi"}
    environment = {"FLYTE_INTERNAL_EXECUTION_ID": execution, "FLYTE_INTERNAL_EXECUTION_PROJECT": "molscreen",
                   "FLYTE_INTERNAL_EXECUTION_DOMAIN": "development", "FLYTE_ATTEMPT_NUMBER": str(attempt),
                   "FLYTE_INTERNAL_TASK_NAME": "screen.tasks.dock"}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "flyte",
                     "labels": {"domain": "development", "execution-id": execution, "interruptible": "false", "node-id": f"n{number}",
                                "project": "molscreen", "shard-key": "21", "task-name": "screen-tasks-dock",
                                "workflow-name": "screen-flows-screen-all"},
                     "annotations": {"primary_container_name": name, "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
                     "ownerReferences": [{"apiVersion": "flyte.lyft.com/v1alpha1", "kind": "flyteworkflow", "name": execution, "uid": owner,
                                          "controller": True, "blockOwnerDeletion": True}]},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                 "containers": [{"name": name, "image": "localhost/debian:1", "imagePullPolicy": "Never",
                                 "command": ["pyflyte-execute"], "args": ["--help"],
                                 "env": [{"name": k, "value": v} for k, v in environment.items()],
                                 "resources": {"requests": same if limit else {"cpu": "100m", **same}, "limits": same}}]}}
