"""Real containers by Debian's containerd, runc and Docker, at Kubernetes' cgroup paths. See run.sh."""
import argparse
import collections
import functools
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import docker
import fanout
import oci
from containerd import Containerd
from node import CPU, HIERARCHIES, KUBEPODS, V2, eventually, expect, figure, figures, make_pod, patience, pod_path, quota, quota_file, read, remove_tree, say, slowness, text_of, write

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


def is_refused(done):
    if "Permission denied" in done.stderr or "Read-only file system" in done.stderr:
        return True
    say(f"not refused: {done.args[-1]}: {done.stderr}")
    return False


class Suite:
    def __init__(self, arguments):
        self.bin, self.arguments = os.path.abspath(arguments.bin), arguments
        self.directory = tempfile.mkdtemp(prefix="headroom-containers-")
        self.rootfs = arguments.rootfs or f"{self.directory}/rootfs"
        if not arguments.rootfs:
            oci.headroom_rootfs(self.rootfs, self.bin)
        self.containerd = Containerd(self.directory)
        self.profile = self.containerd.seccomp()
        self.ours = self.containerd.image_root(arguments.image) if arguments.image else self.rootfs
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
            spec = oci.spec(container, pod, rootfs=self.ours, cgroups_path=f"/{pod_path(GUARD_POD_UID)}/{'f' * 56}{len(names):08x}", fields=fields,
                            paths=places, v2=V2, seccomp=self.profile)
            self.containerd.run(name, spec)
            names.append(name)
        self.places = places
        return names[-1]

    def control(self, path, state):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(patience(5))
            s.connect(f"{state}/control.sock")
            s.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while part := s.recv(1 << 16):
                answer += part
        return json.loads(answer.split(b"\r\n\r\n", 1)[1])

    def status(self, state):
        """None: it does not answer yet (a socket of a killed one may lie there)."""
        try:
            return self.control("/v1/status", state)
        except OSError:
            return None

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
            figure(f"{self.arguments.restarts} restarts of a container with a lease out: pods that did not have their own quota {patience(2)} s later", left)
            expect(left == 0, read(f"{run}/log"))
            name, path = self.begin(STEP_UID, BUSY, 500)
            eventually(lambda: quota(path) != text_of(50000), "no lease")
            groups = {g["path"]: g for g in self.control("/v1/groups", f"{run}/state")["groups"]}
            expect(groups[path]["kind"] == "container" and groups[path]["class"] == "step", groups[path])
            daemon.send_signal(signal.SIGTERM)
            expect(daemon.wait(patience(10)) == 0, read(f"{run}/log"))
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
        status = eventually(lambda: (s := self.status(state)) and s["guardUp"] and s, lambda: self.containerd.logs(daemon))
        expect(status["mode"] == "enforce", status["modeReason"])
        judge = "pressure" if V2 or os.path.isdir("/sys/fs/cgroup/unified") else "none"
        figure("in its pod: mode, judge, refills, burst file", f"{status['mode']}, {status['node']['judge']}, {status['kernel']['rewriteRefills']}, {status['kernel']['burstFile']}")
        expect(status["node"]["judge"] == judge, lambda: self.status_of(daemon, "doctor").stdout)
        expect("enforce" in self.status_of(daemon, "status").stdout, "headroomctl in the container")

        step, path = self.begin(STEP_UID, BUSY, 500)
        eventually(lambda: quota(path) != text_of(50000), lambda: self.containerd.logs(daemon))
        # A late loop takes back for a second.
        eventually(lambda: "borrows" in self.status_of(daemon, "explain", path).stdout, lambda: self.status_of(daemon, "explain", path).stdout)
        metrics = subprocess.run(["nsenter", "-t", str(self.containerd.pid(daemon)), "-n", sys.executable, "-c",
                                  "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9478/metrics').read().decode())"],
                                 capture_output=True, text=True).stdout
        expect("headroom_lent_cores" in metrics or "headroom_" in metrics, "no metrics")

        # Neighbours with more than the node has: what is lent is theirs. A loop that they make late takes back as well.
        reasons = collections.Counter()
        for _ in range(3):
            seen = len(self.containerd.logs(daemon))
            eventually(lambda: quota(path) != text_of(50000), lambda: self.containerd.logs(daemon), 40)
            others = [self.begin(NEIGHBOUR_UID, BUSY)[0] for _ in range(2)]
            reasons += eventually(lambda: collections.Counter(re.findall(rf" (?:returned|revoked) .*{path} because=(\w+)", self.containerd.logs(daemon)[seen:])),
                                  lambda: "nothing was taken back from a step beside busy neighbours: " + self.status_of(daemon, "explain", path).stdout, 30)
            eventually(lambda: quota(path) == text_of(50000), "a step beside busy neighbours keeps its lease")
            for name in others:
                self.containerd.remove(name)
        figure("3 times two busy neighbours beside a borrowing step: taken back because of", ", ".join(f"{k} {v}" for k, v in reasons.items()))

        times = []
        for _ in range(self.arguments.kills):
            pid = eventually(lambda: self.containerd.pid(daemon), "the daemon's container does not run")
            eventually(lambda: quota(path) != text_of(50000), lambda: self.containerd.logs(daemon), 40)
            with open(quota_file(path)) as file:
                os.kill(pid, signal.SIGKILL)
                killed = time.monotonic()
                while True:
                    file.seek(0)
                    if file.read().strip() == text_of(50000):
                        break
                    time.sleep(0.0002)   # else who looks is what the guard waits for
                    expect(time.monotonic() - killed < patience(5), "the guard did nothing: " + self.containerd.logs(f"{shape}-guard"))
                times.append((time.monotonic() - killed) * 1000)
            eventually(lambda: quota(pod_path(STEP_UID)) == text_of(50000), "the pod's quota stays")
            self.containerd.remove(daemon)
            self.containerd.run(daemon, oci_again(f"{self.directory}/{daemon}.json"))
        figure(f"{self.arguments.kills} kills of the daemon's container while it lent: originals back by the guard in the other one",
               f"p50 {statistics.median(times):.1f} ms, max {max(times):.1f} ms" + ("" if V2 else f" (bar 10: {'met' if max(times) <= 10 else 'NOT MET'})"))   # the guest is emulated
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
        status = eventually(lambda: (s := self.status(state)) and s["guardUp"] and s, lambda: self.containerd.logs(daemon))
        node = status["node"]
        figure("without `unified`: judge, target of CPUs", f"{node['judge']}, {node['targetCores']:g} of {node['cpus']}")
        expect(node["judge"] == "none" and node["targetCores"] <= 0.75 * node["cpus"], node)
        expect("judge" in self.status_of(daemon, "status").stdout and "none" in self.status_of(daemon, "status").stdout, "status does not say so")
        for name in (daemon, "enforce-v1-guard"):
            self.containerd.remove(name)

    def observe_cannot_write(self):
        daemon = self.pod_of_ours("observe", CONFIG.format(mode="enforce"))
        state = self.places["state"]
        status = eventually(lambda: self.status(state), lambda: self.containerd.logs(daemon))
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
                refused += is_refused(done)
        for command in (f"mkdir {below}/x", "touch /x", "touch /etc/headroom/x", "touch /usr/local/bin/x"):
            done = self.containerd.execute(daemon, "/bin/busybox", "sh", "-c", f"/bin/busybox {command}", check=False)
            tried += 1
            refused += is_refused(done)
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
    parser.add_argument("--rotations", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5, help="of each arm in a rotation")
    parser.add_argument("--only", default="", help="parts of tests' names, by commas")
    parser.add_argument("--rootfs", help="of the containers, made before by oci.headroom_rootfs")
    parser.add_argument("--image", help="OCI archive that daemon and guard come from, instead of the programs in BIN")
    parser.add_argument("--slow", type=int, default=1, help="every patience so many times longer")
    parser.add_argument("--table")
    arguments = parser.parse_args()
    slowness[0] = arguments.slow
    if any(os.path.exists(f"{top}/{KUBEPODS}") for top in HIERARCHIES):
        sys.exit(f"{KUBEPODS} is there already: this machine is a Kubernetes node, or an earlier run was killed")
    suite, failed = Suite(arguments), []
    try:
        tests = [suite.lends_and_restores, suite.enforces_in_a_pod, suite.lends_less_without_a_judge, suite.observe_cannot_write, *(functools.partial(test, suite) for test in (docker.worker_borrows, fanout.worker_beside_a_fanout))]
        for test in tests:
            name_of_test = getattr(test, "func", test).__name__
            if not any(part in name_of_test for part in arguments.only.split(",")):
                continue
            try:
                test()
                say(f"ok: {name_of_test}")
            except (AssertionError, subprocess.TimeoutExpired, OSError, KeyError) as error:
                failed.append(name_of_test)
                say(f"FAILED: {name_of_test}: {error}")
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
