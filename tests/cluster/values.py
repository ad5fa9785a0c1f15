"""What a pod's spec says that its cgroup files hold, by kubelet's and the runtime's arithmetic, and what they hold."""
import os

CPU = "/sys/fs/cgroup/cpu"
ACCOUNTS = "/sys/fs/cgroup/cpuacct"   # the same hierarchy or another one


def milli(quantity):
    if quantity is None:
        return None
    return int(quantity[:-1]) if quantity.endswith("m") else int(float(quantity) * 1000)


def of(container, kind):
    resources = container.get("resources", {})
    return milli(resources.get(kind, {}).get("cpu"))


def shares(requested):
    return max(2, (requested or 0) * 1024 // 1000)


def quota(limit):
    return -1 if limit is None else max(1000, limit * 100)


def class_directory(pod):
    return {"Guaranteed": "", "Burstable": "burstable/", "BestEffort": "besteffort/"}[pod["status"]["qosClass"]]


def pod_sum(pod, kind):
    """Containers and sidecars add up; an init container runs beside the sidecars before it. None: some of them have none."""
    running, peak = 0, 0
    for container in pod["spec"].get("initContainers", []):
        amount = of(container, kind)
        if amount is None and kind == "limits":
            return None
        if container.get("restartPolicy") == "Always":
            running += amount or 0
        peak = max(peak, running + (0 if container.get("restartPolicy") == "Always" else amount or 0))
    for container in pod["spec"]["containers"]:
        amount = of(container, kind)
        if amount is None and kind == "limits":
            return None
        running += amount or 0
    return max(peak, running)


def expected(pod):
    """@return directory below the cpu hierarchy -> (quota, shares, burst: nobody asks for any); nothing for a pod that has ended"""
    if pod["status"]["phase"] in ("Succeeded", "Failed"):
        return {}
    uid = pod["metadata"]["uid"]
    top = f"kubepods/{class_directory(pod)}pod{uid}"
    out = {top: (quota(pod_sum(pod, "limits")), shares(pod_sum(pod, "requests")), 0)}
    statuses = {s["name"]: s for kind in ("initContainerStatuses", "containerStatuses") for s in pod["status"].get(kind, [])}
    for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
        status = statuses.get(container["name"], {})
        if "running" in status.get("state", {}):
            out[f"{top}/{status['containerID'].split('//')[1]}"] = (quota(of(container, "limits")), shares(of(container, "requests")), 0)
    return out


def found(directory):
    def number(name):
        with open(f"{CPU}/{directory}/{name}") as file:
            return int(file.read())
    return number("cpu.cfs_quota_us"), number("cpu.shares"), number("cpu.cfs_burst_us")


def differences(pods):
    """@return number of directories compared, and a line for each that is not what the spec says"""
    wrong, compared = [], 0
    for pod in pods:
        for directory, want in expected(pod).items():
            compared += 1
            have = found(directory) if os.path.isdir(f"{CPU}/{directory}") else "no directory"
            if have != want:
                wrong.append(f"{pod['metadata']['name']} {directory}: quota, shares and burst {have}, by the spec {want}")
    return compared, wrong


def are_the_spec(pods):
    """@return whether all cgroups of these pods hold what their specs say, and the words for it"""
    compared, wrong = differences(pods)
    return not wrong, f"{compared} cgroups have quota, shares and burst of their specs" + "".join(f"\n  {w}" for w in wrong)
