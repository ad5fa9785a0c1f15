"""The node's cgroups, made and written as kubelet does, and what was found there."""
import contextlib
import os
import signal
import time

V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
CPU = "/sys/fs/cgroup" if V2 else "/sys/fs/cgroup/cpu"
HIERARCHIES = [CPU] if V2 else [d for d in map("/sys/fs/cgroup/{}".format, ("cpuset", "pids", "unified", "cpuacct", "cpu", "memory", "blkio", "devices", "freezer", "systemd"))
                                if os.path.isdir(d)]
KUBEPODS = "kubepods"   # kubelet's own name, at the root: the daemon in its container sees the node's whole tree
figures = []
slowness = [1]   # emulated CPUs


def say(text):
    print(text, flush=True)


def figure(what, measured):
    figures.append(f"| {what} | {measured} |")
    say(f"[ measured ] {what}: {measured}")


def expect(holds, what):
    if not holds:
        raise AssertionError(what() if callable(what) else what)


def patience(seconds):
    """@return seconds to wait at most here, for what takes so many on real CPUs"""
    return seconds * slowness[0]


def eventually(holds, what, seconds=20):
    end = time.monotonic() + patience(seconds)
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"not within {patience(seconds)} s: {what() if callable(what) else what}")


def read(path):
    with open(path) as file:
        return file.read().strip()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def quota_file(path):
    return f"{CPU}/{path}/" + ("cpu.max" if V2 else "cpu.cfs_quota_us")


def quota(path):
    return read(quota_file(path))


def text_of(us):
    return f"{us} 100000" if V2 else str(us)


def pod_path(uid):
    return f"{KUBEPODS}/burstable/pod{uid}"


def make_pod(uid, us):
    """As kubelet does: in every hierarchy, shares, then its limit."""
    path = ""
    for part in pod_path(uid).split("/"):
        path = f"{path}/{part}"
        for top in HIERARCHIES:
            os.makedirs(top + path, exist_ok=True)
            if top.endswith("/cpuset"):
                for name in ("cpuset.cpus", "cpuset.mems"):
                    write(f"{top}{path}/{name}", read(f"{os.path.dirname(top + path)}/{name}"))
        if V2:
            for controller in ("cpu", "cpuset", "pids", "memory"):
                with contextlib.suppress(OSError):
                    write(f"{CPU}{path}/cgroup.subtree_control", "+" + controller)
    if us is not None:
        write(quota_file(pod_path(uid)), text_of(us))


def remove_tree():
    for top in HIERARCHIES:
        for directory, _, _ in os.walk(f"{top}/{KUBEPODS}", topdown=False):
            with contextlib.suppress(OSError):
                for pid in read(f"{directory}/cgroup.procs").split():
                    os.kill(int(pid), signal.SIGKILL)
            for _ in range(100):
                try:
                    os.rmdir(directory)
                    break
                except OSError:
                    time.sleep(0.02)
