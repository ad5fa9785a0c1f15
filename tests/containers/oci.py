"""What kubelet and its runtime make of a pod's YAML: OCI specs, by the fields that decide what a process may do."""
import copy
import glob
import json
import os
import re
import subprocess

import yaml

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MASKED = ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
          "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def load(path):
    with open(path) as file:
        return yaml.safe_load(file)


def patched(document, operations):
    """JSON patch: `add` and `replace`, which is all that the overlays have."""
    out = copy.deepcopy(document)
    for operation in operations:
        at, *keys = out, *operation["path"].strip("/").split("/")
        for key in keys[:-1]:
            at = at[int(key) if isinstance(at, list) else key]
        at[keys[-1]] = copy.deepcopy(operation["value"])
    return out


def daemon_set(kustomize, shape):
    """The pod's spec of base (observe), enforce-v1 or enforce-v2."""
    document = load(f"{kustomize}/base/daemonset.yaml")
    if shape != "observe":
        document = patched(document, load(f"{kustomize}/overlays/enforce-v2/daemonset.yaml"))
    if shape == "enforce-v1":
        document = patched(document, load(f"{kustomize}/overlays/enforce-v1/daemonset.yaml"))
    return document["spec"]["template"]["spec"]


def milli(quantity):
    text = str(quantity)
    return int(text[:-1]) if text.endswith("m") else int(float(text) * 1000)


def size(quantity):
    number, unit = re.fullmatch(r"(\d+)(Ki|Mi|Gi)?", str(quantity)).groups()
    return int(number) << {None: 0, "Ki": 10, "Mi": 20, "Gi": 30}[unit]


def environment(container, fields):
    out = [PATH]
    for entry in container.get("env", []):
        value = entry["value"] if "value" in entry else fields[entry["valueFrom"]["fieldRef"]["fieldPath"]]
        out.append(f"{entry['name']}={value}")
    return out


def volume_mounts(container, pod, paths):
    """`paths`: of volumes that are no host path (a ConfigMap, an emptyDir), or of host paths that lie elsewhere here."""
    volumes = {v["name"]: v for v in pod.get("volumes", [])}
    out = []
    for mount in container.get("volumeMounts", []):
        volume = volumes[mount["name"]]
        source = paths.get(mount["name"]) or volume["hostPath"]["path"]
        out.append({"destination": mount["mountPath"], "type": "bind", "source": os.path.realpath(source),
                    "options": ["rbind", "rprivate", "ro" if mount.get("readOnly") else "rw"]})
    return out


def oom_score():
    """kubelet's for a critical pod, where whoever tests may give it (CAP_SYS_RESOURCE)."""
    may = subprocess.run(["sh", "-c", "echo -997 >/proc/self/oom_score_adj"], capture_output=True).returncode == 0
    return {"oomScoreAdj": -997} if may else {}


def spec(container, pod, *, rootfs, cgroups_path, fields, paths, v2, seccomp=None):
    context = container.get("securityContext", {})
    resources = container.get("resources", {})
    request, limit = (resources.get(kind, {}) for kind in ("requests", "limits"))
    cpu = {"shares": max(2, milli(request.get("cpu", limit.get("cpu", 0))) * 1024 // 1000)}
    if "cpu" in limit:
        cpu.update(period=100000, quota=max(1000, milli(limit["cpu"]) * 100))
    dropped = "ALL" in context.get("capabilities", {}).get("drop", [])
    ordinary = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
                "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"]
    held = [] if dropped else ordinary
    linux = {
        "namespaces": [{"type": t} for t in ("pid", "ipc", "uts", "mount", "network")] + ([{"type": "cgroup"}] if v2 else []),
        "cgroupsPath": cgroups_path,
        "resources": {"devices": [{"allow": False, "access": "rwm"}], "cpu": cpu,
                      **({"memory": {"limit": size(limit["memory"])}} if "memory" in limit else {})},
        "maskedPaths": MASKED, "readonlyPaths": READONLY,
    }
    if seccomp and context.get("seccompProfile", {}).get("type") == "RuntimeDefault":
        linux["seccomp"] = seccomp
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False, "cwd": "/", "user": {"uid": context.get("runAsUser", 0), "gid": context.get("runAsGroup", 0)},
            "args": container["command"] + container.get("args", []), "env": environment(container, fields),
            "noNewPrivileges": not context.get("allowPrivilegeEscalation", True), **oom_score(),
            "capabilities": {kind: held if kind != "ambient" else [] for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")},
        },
        "root": {"path": rootfs, "readonly": bool(context.get("readOnlyRootFilesystem"))},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
        ] + volume_mounts(container, pod, paths),
        "linux": linux,
    }


def copy_rootfs(target, programs, extra=()):
    """Programs with the libraries that they need; `extra` are libraries that are loaded later."""
    for directory in ("bin", "usr/local/bin", "etc/headroom", "run/headroom", "var/lib/headroom", "host-cgroup", "proc", "sys", "dev", "tmp", "lib64"):
        os.makedirs(f"{target}/{directory}", exist_ok=True)
    for name in ("cpu", "cpuacct", "pids", "cpuset", "unified"):   # what a runtime makes before it mounts
        os.makedirs(f"{target}/host-cgroup/{name}", exist_ok=True)
    subprocess.run(["cp", "/usr/bin/busybox", f"{target}/bin/busybox"], check=True)
    for program in programs:
        subprocess.run(["cp", program, f"{target}/usr/local/bin/"], check=True)
    libraries = set(extra)
    for file in [*programs, *extra]:
        for line in subprocess.run(["ldd", file], capture_output=True, text=True).stdout.splitlines():
            libraries.update(re.findall(r"(/\S+)", line.split("=>")[-1]))
    for library in libraries:
        if not os.path.exists(library):
            continue
        place = f"{target}/{os.path.dirname(library)}"
        os.makedirs(place, exist_ok=True)
        subprocess.run(["cp", "-L", library, place], check=True)


def headroom_rootfs(target, bin_dir):
    """Our image's programs, with libcurl, which they load when a kubelet is to be asked."""
    copy_rootfs(target, [f"{bin_dir}/{name}" for name in ("headroomd", "headroomctl", "headroom-guard")], glob.glob("/usr/lib/x86_64-linux-gnu/libcurl.so.4"))


def dump(document, path):
    with open(path, "w") as file:
        json.dump(document, file)
