"""What the parts share: verdicts, waiting, pods."""
import json
import time

failures = []


def check(holds, what):
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)
    if not holds:
        failures.append(what)


def eventually(holds, seconds=60, every=0.1):
    """@return what `holds` gives, or its last falsehood"""
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)


def container(name, resources, *command):
    return {"name": name, "image": "localhost/busybox:1", "imagePullPolicy": "Never", "command": list(command) or ["sleep", "100000"],
            "resources": resources}


def pod(name, labels, *containers):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": list(containers)}}


def cpu(request, limit):
    return {"requests": {"cpu": request}, "limits": {"cpu": limit}}


class Part:
    def __init__(self, node):
        self.node = node

    def pods(self, *words):
        return json.loads(self.node.kubectl("get", "pods", "-o", "json", *words))["items"]

    def apply(self, document, *words):
        self.node.kubectl("apply", *words, "-f", "-", input=json.dumps(document))

    def run(self, *steps):
        for step in steps:
            try:
                step()
            except (RuntimeError, OSError, ValueError, LookupError) as e:
                check(False, f"{step.__name__}: {type(e).__name__}: {e}")
