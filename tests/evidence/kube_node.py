"""A node for evidence: pods on real cgroups, a stand-in for kubelet, and the daemon beside them."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

BIN = os.environ.get("HEADROOM_BIN", "build/release/bin")
V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
HIERARCHIES = ["/sys/fs/cgroup"] if V2 else [d for d in map("/sys/fs/cgroup/{}".format, ("cpuset", "pids", "unified", "cpuacct", "cpu")) if os.path.isdir(d)]


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def make(path):
    for top in HIERARCHIES:
        os.makedirs(f"{top}/{path}", exist_ok=True)
        if top.endswith("/cpuset"):
            for name in ("cpuset.cpus", "cpuset.mems"):
                with open(f"{os.path.dirname(f'{top}/{path}')}/{name}") as parent:
                    write(f"{top}/{path}/{name}", parent.read())


def limit(path, quota):
    if V2:
        write(f"{HIERARCHIES[-1]}/{path}/cpu.max", f"{quota} 100000")
    else:
        write(f"{HIERARCHIES[-1]}/{path}/cpu.cfs_quota_us", str(quota))


class Node:
    """A tree of its own, with so many pods of two and three containers, in each of which a process sleeps."""

    def __init__(self, name, pods=0, containers=0):
        self.name, self.pods, self.containers = name, pods, containers

    def __enter__(self):
        self.sleepers = []
        subprocess.run([f"{BIN}/headroom-churn", "--root", self.name, "--make"], check=True, stdout=subprocess.DEVNULL)
        for pod in range(self.pods):
            path = f"{self.name}/kubepods/burstable/pod{pod:08x}-0000-4000-8000-{pod:012x}"
            make(path)
            containers = 3 if pod < self.containers - 2 * self.pods else 2
            limit(path, 20000 * containers)
            for c in range(containers):
                own = f"{path}/{pod:032x}{c:032x}"
                make(own)
                limit(own, 20000)
                sleeper = subprocess.Popen(["sleep", "infinity"])
                for top in HIERARCHIES:
                    write(f"{top}/{own}/cgroup.procs", str(sleeper.pid))
                self.sleepers.append(sleeper)
        self.root = f"{HIERARCHIES[-1]}/{self.name}"
        return self

    def __exit__(self, *_):
        for sleeper in self.sleepers:
            sleeper.kill()
            sleeper.wait()
        subprocess.run([f"{BIN}/headroom-churn", "--root", self.name, "--remove"])


class Kubelet:
    """Lists what there is in the node's tree, by TLS."""

    def __init__(self, node):
        self.dir = tempfile.mkdtemp(prefix="headroom-kubelet-")
        subprocess.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=n", shell=True, check=True,
                       cwd=self.dir, stderr=subprocess.DEVNULL)
        for name, text in (("token", ""), ("mode", "tree"), ("tree", node.root + "/kubepods/burstable")):
            write(f"{self.dir}/{name}", text)
        self.process = subprocess.Popen([sys.executable, "tests/support/stand_in_kubelet.py", self.dir], stdin=subprocess.PIPE)
        while not os.path.exists(f"{self.dir}/port"):
            time.sleep(0.05)
        with open(f"{self.dir}/port") as file:
            self.port = file.read()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.dir)


class Daemon:
    def __init__(self, node, kubelet, more="", environment=None):
        """@param more  lines of the configuration"""
        self.dir = tempfile.mkdtemp(prefix="headroom-daemon-")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        source = f'{{address: "https://127.0.0.1:{kubelet.port}", pin: {kubelet.dir}/cert.pem}}' if kubelet else "off"
        write(f"{self.dir}/headroom.yaml", f"""version: 1
mode: enforce
listen: 127.0.0.1:{self.port}
log: {{level: warn}}
sources: {{kubelet: {source}, docker: off}}
classes:
  - name: step
    match: [{{path: "kubepods/burstable/*/*"}}]
    borrow: {{upTo: 2 cores, start: 2s}}
{more}""")
        with open(f"{self.dir}/log", "w") as log:
            self.process = subprocess.Popen([f"{BIN}/headroomd", "--config", f"{self.dir}/headroom.yaml", "--cgroup-root", node.root, "--run-dir",
                                             f"{self.dir}/run", "--state-dir", f"{self.dir}/state"], stdout=log, stderr=log, env={**os.environ, **(environment or {})})
        while not os.path.exists(f"{self.dir}/state/control.sock"):
            time.sleep(0.05)

    def get(self, path):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(f"{self.dir}/state/control.sock")
            s.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while part := s.recv(1 << 16):
                answer += part
        return answer.split(b"\r\n\r\n", 1)[1]

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def holds(self):
        pid, watches = self.process.pid, 0
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/fdinfo/{fd}") as file:   # closed since
                watches += sum(line.startswith("inotify") for line in file)
        with open(f"/proc/{pid}/status") as file:
            rss = int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            series = sum(not line.startswith(b"#") for line in answer.read().splitlines())
        return {"fds": len(os.listdir(f"/proc/{pid}/fd")), "watches": watches, "RSS, KiB": rss, "series": series}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.dir)
