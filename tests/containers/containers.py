"""Real containers by Debian's containerd, runc and Docker, at Kubernetes' cgroup paths. See run.sh."""
import argparse
import glob
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import docker
import oci
from containerd import Containerd
from node import CPU, HIERARCHIES, KUBEPODS, V2, eventually, expect, figure, figures, make_pod, pod_path, quota, quota_file, read, remove_tree, say, text_of, write

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STEP_UID, GUARD_POD_UID = "57e90000-0000-4000-8000-000000000001", "aaaa0000-0000-4000-8000-000000000002"
NEIGHBOUR_UID = "15000000-0000-4000-8000-000000000003"
BUSY = ["/bin/busybox", "sh", "-c", "while :; do :; done & while :; do :; done"]
SLEEP = ["/bin/busybox", "sleep", "100000"]
CONFIG = """version: 1
mode: {mode}
listen: "[::]:9478"
log: {{level: info}}
sources: {{kubelet: off, docker: off}}
classes:
  - name: step
    match: [{{path: "kubepods/burstable/pod57e90000-*/*"}}]
    borrow: {{upTo: 2 cores, start: 5s, visibility: file}}
  - name: latency
    match: [{{path: "kubepods/burstable/pod15000000-*/*"}}]
"""


class Suite:
    def __init__(self, arguments):
        self.bin, self.arguments = os.path.abspath(arguments.bin), arguments
        self.directory = tempfile.mkdtemp(prefix="headroom-containers-")
        self.rootfs = f"{self.directory}/rootfs"
        curl = glob.glob("/usr/lib/x86_64-linux-gnu/libcurl.so.4")
        oci.copy_rootfs(self.rootfs, [f"{self.bin}/{name}" for name in ("headroomd", "headroomctl", "headroom-guard")], curl)
        self.containerd = Containerd(self.directory)
        self.profile = self.containerd.seccomp()
        self.count = 0

    def end(self):
        self.containerd.end()
        remove_tree()
        shutil.rmtree(self.directory, ignore_errors=True)

    # Containers of others.
    def begin(self, uid, command, milli=None):
        """@return name and cgroup path of a container as kubelet would start it"""
        self.count += 1
        name = f"{self.count:064x}"
        container = {"command": command, "resources": {"limits": {"cpu": f"{milli}m"}} if milli else {"requests": {"cpu": "100m"}}}
        path = f"{pod_path(uid)}/{name}"
        self.containerd.run(name, oci.spec(container, {}, rootfs=self.rootfs, cgroups_path="/" + path, fields={}, paths={}, v2=V2))
        return name, path

    # Our own.
    def pod_of_ours(self, shape, config, volumes_changed=lambda pod: pod):
        """Guard and daemon with exactly the DaemonSet's fields. @return the daemon's name"""
        pod = volumes_changed(oci.daemon_set(f"{REPO}/deploy/kustomize", shape))
        places = {name: f"{self.directory}/{shape}-{name}" for name in ("config", "run", "state")}
        for place in places.values():
            os.makedirs(place, exist_ok=True)
        os.chown(places["state"], 65534, 65534)
        write(f"{places['config']}/headroom.yaml", config)
        make_pod(GUARD_POD_UID, None)
        fields = {"status.hostIP": "127.0.0.1", "spec.nodeName": "node-1", "metadata.uid": GUARD_POD_UID}
        names = []
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            name = f"{shape}-{container['name']}"
            spec = oci.spec(container, pod, rootfs=self.rootfs, cgroups_path=f"/{pod_path(GUARD_POD_UID)}/{'f' * 56}{len(names):08x}", fields=fields,
                            paths=places, v2=V2, seccomp=self.profile)
            self.containerd.run(name, spec)
            names.append(name)
        self.places = places
        return names[-1]

    def control(self, path, state):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(f"{state}/control.sock")
            s.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while part := s.recv(1 << 16):
                answer += part
        return json.loads(answer.split(b"\r\n\r\n", 1)[1])

    def status_of(self, name, *words):
        return self.containerd.execute(name, "/usr/local/bin/headroomctl", *words)

    # What is shown.
    def lends_and_restores(self):
        """A daemon on the host; steps that containerd starts, ends and starts again."""
        run = f"{self.directory}/host"
        os.makedirs(run)
        write(f"{run}/headroom.yaml", CONFIG.format(mode="enforce").replace('"[::]:9478"', "127.0.0.1:0"))
        make_pod(STEP_UID, 50000)
        with open(f"{run}/log", "w") as log:
            daemon = subprocess.Popen([f"{self.bin}/headroomd", "--config", f"{run}/headroom.yaml", "--run-dir", f"{run}/run", "--state-dir", f"{run}/state"],
                                      stdout=log, stderr=log)
        try:
            eventually(lambda: os.path.exists(f"{run}/state/control.sock"), lambda: read(f"{run}/log"))
            left = 0
            for _ in range(self.arguments.restarts):
                name, path = self.begin(STEP_UID, BUSY, 500)
                eventually(lambda: quota(path) != text_of(50000) and quota(pod_path(STEP_UID)) != text_of(50000), lambda: read(f"{run}/log"))
                self.containerd.remove(name)
                try:
                    eventually(lambda: quota(pod_path(STEP_UID)) == text_of(50000), "", 2)
                except AssertionError:
                    left += 1
            figure(f"{self.arguments.restarts} restarts of a container with a lease out: pods that did not have their own quota 2 s later", left)
            expect(left == 0, read(f"{run}/log"))
            name, path = self.begin(STEP_UID, BUSY, 500)
            eventually(lambda: quota(path) != text_of(50000), "no lease")
            groups = {g["path"]: g for g in self.control("/v1/groups", f"{run}/state")["groups"]}
            expect(groups[path]["kind"] == "container" and groups[path]["class"] == "step", groups[path])
            daemon.send_signal(signal.SIGTERM)
            expect(daemon.wait(10) == 0, read(f"{run}/log"))
            expect((quota(path), quota(pod_path(STEP_UID))) == (text_of(50000), text_of(50000)), "left behind after SIGTERM")
            self.containerd.remove(name)
        finally:
            daemon.kill()
            daemon.wait()

    def enforces_in_a_pod(self):
        """The daemon and its guard in containers; the whole daemon container is killed while it lends."""
        shape = "enforce-v2" if V2 else "enforce-v1"
        make_pod(STEP_UID, 50000)
        make_pod(NEIGHBOUR_UID, None)
        daemon = self.pod_of_ours(shape, CONFIG.format(mode="enforce"))
        state = f"{self.places['run']}/state"
        eventually(lambda: os.path.exists(f"{state}/control.sock"), lambda: self.containerd.logs(daemon))
        status = eventually(lambda: (s := self.control("/v1/status", state))["guardUp"] and s, lambda: self.containerd.logs(daemon))
        expect(status["mode"] == "enforce", status["modeReason"])
        judge = "pressure" if V2 or os.path.isdir("/sys/fs/cgroup/unified") else "none"
        figure("in its pod: mode, judge, refills, burst file", f"{status['mode']}, {status['node']['judge']}, {status['kernel']['rewriteRefills']}, {status['kernel']['burstFile']}")
        expect(status["node"]["judge"] == judge, status["node"])
        expect("enforce" in self.status_of(daemon, "status").stdout, "headroomctl in the container")

        step, path = self.begin(STEP_UID, BUSY, 500)
        eventually(lambda: quota(path) != text_of(50000), lambda: self.containerd.logs(daemon))
        expect("borrows" in self.status_of(daemon, "explain", path).stdout, "explain in the container")
        metrics = subprocess.run(["nsenter", "-t", str(self.containerd.pid(daemon)), "-n", sys.executable, "-c",
                                  "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9478/metrics').read().decode())"],
                                 capture_output=True, text=True).stdout
        expect("headroom_lent_cores" in metrics or "headroom_" in metrics, "no metrics")

        # Neighbours with more than the node has: what is lent is theirs.
        others = [self.begin(NEIGHBOUR_UID, BUSY)[0] for _ in range(2)]
        revoked = eventually(lambda: self.control("/v1/status", state)["revoked"], "nothing was taken back from a step beside busy neighbours", 30)
        figure("taken back because of neighbours", ", ".join(f"{k} {v}" for k, v in revoked.items()))
        for name in others:
            self.containerd.remove(name)

        times = []
        for _ in range(self.arguments.kills):
            eventually(lambda: quota(path) != text_of(50000), lambda: self.containerd.logs(daemon), 40)
            with open(quota_file(path)) as file:
                began = time.monotonic()
                os.kill(self.containerd.pid(daemon) or 0, signal.SIGKILL)
                killed = time.monotonic()
                while True:
                    file.seek(0)
                    if file.read().strip() == text_of(50000):
                        break
                    expect(time.monotonic() - killed < 5, "the guard did nothing: " + self.containerd.logs(f"{shape}-guard"))
                times.append((time.monotonic() - killed) * 1000)
            eventually(lambda: quota(pod_path(STEP_UID)) == text_of(50000), "the pod's quota stays")
            expect(killed - began < 60, "")
            self.containerd.remove(daemon)
            self.containerd.run(daemon, oci_again(f"{self.directory}/{daemon}.json"))
        figure(f"{self.arguments.kills} kills of the daemon's container while it lent: originals back by the guard in the other one",
               f"p50 {statistics.median(times):.1f} ms, max {max(times):.1f} ms")
        self.worst_kill = max(times)
        self.containerd.remove(step)
        for name in (daemon, f"{shape}-guard"):
            self.containerd.remove(name)

    def lends_less_without_a_judge(self):
        if V2:
            return
        def without_unified(pod):
            for container in [*pod["initContainers"], *pod["containers"]]:
                container["volumeMounts"] = [m for m in container["volumeMounts"] if m["name"] != "cgroup-unified"]
            return pod
        daemon = self.pod_of_ours("enforce-v1", CONFIG.format(mode="enforce"), without_unified)
        state = f"{self.places['run']}/state"
        eventually(lambda: os.path.exists(f"{state}/control.sock"), lambda: self.containerd.logs(daemon))
        status = eventually(lambda: (s := self.control("/v1/status", state))["guardUp"] and s, "no guard")
        node = status["node"]
        figure("without `unified`: judge, target of CPUs", f"{node['judge']}, {node['targetCores']:g} of {node['cpus']}")
        expect(node["judge"] == "none" and node["targetCores"] <= 0.75 * node["cpus"], node)
        expect("judge" in self.status_of(daemon, "status").stdout and "none" in self.status_of(daemon, "status").stdout, "status does not say so")
        for name in (daemon, "enforce-v1-guard"):
            self.containerd.remove(name)

    def observe_cannot_write(self):
        daemon = self.pod_of_ours("observe", CONFIG.format(mode="enforce"))
        state = self.places["state"]
        eventually(lambda: os.path.exists(f"{state}/control.sock"), lambda: self.containerd.logs(daemon))
        status = self.control("/v1/status", state)
        expect(status["mode"] == "observe", status["mode"])
        make_pod(STEP_UID, 50000)
        step, path = self.begin(STEP_UID, BUSY, 500)
        eventually(lambda: any(g["path"] == path for g in self.control("/v1/groups", state)["groups"]), "the step is not seen")
        below = "/host-cgroup" if V2 else "/host-cgroup/cpu"
        tried = refused = 0
        for file in ("cpu.max", "cpu.max.burst", "cpu.weight", "cgroup.procs") if V2 else ("cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us", "cpu.shares", "cgroup.procs", "tasks"):
            for group in ("", f"/{KUBEPODS}", f"/{pod_path(STEP_UID)}", f"/{path}"):
                if not os.path.exists(f"{CPU}{group}/{file}"):
                    continue
                done = self.containerd.execute(daemon, "/bin/busybox", "sh", "-c", f"echo 60000 > {below}{group}/{file}", check=False)
                tried += 1
                refused += "Permission denied" in done.stderr or "Read-only file system" in done.stderr
        for command in (f"mkdir {below}/x", "touch /x", "touch /etc/headroom/x", "touch /usr/local/bin/x"):
            done = self.containerd.execute(daemon, "/bin/busybox", "sh", "-c", f"/bin/busybox {command}", check=False)
            tried += 1
            refused += "Permission denied" in done.stderr or "Read-only file system" in done.stderr
        figure("observe: writes tried from inside its container, refused with EROFS or EACCES", f"{refused} of {tried}")
        expect(refused == tried and tried > 10, "something was written, or refused otherwise")
        for words in (("top", "--times", "1"), ("explain", path), ("status",)):
            expect(self.status_of(daemon, *words).stdout != "", words)
        expect(quota(path) == text_of(50000), "observe wrote")
        self.containerd.remove(step)
        self.containerd.remove(daemon)


def oci_again(path):
    with open(path) as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--table")
    arguments = parser.parse_args()
    if any(os.path.exists(f"{top}/{KUBEPODS}") for top in HIERARCHIES):
        sys.exit(f"{KUBEPODS} is there already: this machine is a Kubernetes node, or an earlier run was killed")
    suite, failed = Suite(arguments), []
    try:
        tests = [suite.lends_and_restores, suite.enforces_in_a_pod, suite.lends_less_without_a_judge, suite.observe_cannot_write, lambda: docker.worker_borrows(suite)]
        tests[-1].__name__ = "worker_borrows"
        for test in tests:
            try:
                test()
                say(f"ok: {test.__name__}")
            except (AssertionError, subprocess.TimeoutExpired, OSError, KeyError) as error:
                failed.append(test.__name__)
                say(f"FAILED: {test.__name__}: {error}")
            for name in list(suite.containerd.known):
                suite.containerd.remove(name)
    finally:
        suite.end()
    if arguments.table:
        with open(arguments.table, "w") as file:
            file.write("# In real containers\n\n" + f"Linux {platform.release().split('-')[0]}, cgroup {'v2' if V2 else 'v1'}, {os.cpu_count()} CPUs, Debian's containerd and runc. "
                       "Made by `./test.sh evidence containers`:\nsteps that containerd starts at kubelet's cgroup paths, and the daemon and its guard in containers with the fields of the "
                       "DaemonSet\n(own PID namespace, no capability, read-only root, the runtime's seccomp profile).\n\n| what | measured |\n|---|---|\n" + "\n".join(figures) +
                       f"\n\nVerdict: **{'FAILED: ' + ', '.join(failed) if failed else 'passed'}**\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
