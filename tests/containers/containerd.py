"""Containerd on directories of its own."""
import contextlib
import json
import os
import subprocess
import time

import oci
from node import eventually, patience, read, write


class Containerd:
    def __init__(self, directory):
        self.directory = directory
        self.socket = f"{directory}/containerd.sock"
        write(f"{directory}/config.toml", f"""version = 2
root = "{directory}/root"
state = "{directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{self.socket}"
[ttrpc]
  address = "{self.socket}.ttrpc"
""")
        self.log = open(f"{directory}/log", "w")
        self.process = subprocess.Popen(["containerd", "--config", f"{directory}/config.toml"], stdout=self.log, stderr=self.log)
        eventually(lambda: os.path.exists(self.socket) and self.ctr("version", check=False).returncode == 0, lambda: read(f"{directory}/log"))
        self.known, self.images = [], []

    def image_root(self, archive):
        """@return where the archive's only image is mounted, writable"""
        root = f"{self.directory}/image-root"
        os.makedirs(root)
        self.ctr("images", "import", "--snapshotter", "native", archive)
        self.ctr("images", "mount", "--snapshotter", "native", "--rw", self.ctr("images", "ls", "-q").stdout.split()[0], root)
        self.images.append(root)
        return root

    def ctr(self, *words, check=True):
        done = subprocess.run(["ctr", "--address", self.socket, "--namespace", "k8s.io", *words], capture_output=True, text=True, timeout=patience(60))
        if check and done.returncode != 0:
            raise AssertionError(f"ctr {' '.join(words)}: {done.stderr.strip()}")
        return done

    def seccomp(self):
        """containerd's own default profile, which is RuntimeDefault."""
        os.makedirs(f"{self.directory}/empty", exist_ok=True)
        self.ctr("containers", "create", "--seccomp", "--rootfs", f"{self.directory}/empty", "profile", "/x")
        info = json.loads(self.ctr("containers", "info", "profile").stdout)
        self.ctr("containers", "rm", "profile")
        return info["Spec"]["linux"].get("seccomp")

    def run(self, name, spec):
        oci.dump(spec, f"{self.directory}/{name}.json")
        self.ctr("run", "-d", "--log-uri", f"file://{self.directory}/{name}.log", "--config", f"{self.directory}/{name}.json", name)
        self.known.append(name)

    def logs(self, name):
        path = f"{self.directory}/{name}.log"
        return read(path) if os.path.exists(path) else ""

    def pid(self, name):
        for line in self.ctr("tasks", "ls").stdout.splitlines()[1:]:
            words = line.split()
            if words[0] == name and words[2] == "RUNNING":
                return int(words[1])
        return 0

    def execute(self, name, *words, check=True):
        return self.ctr("tasks", "exec", "--exec-id", f"x{time.monotonic_ns()}", name, *words, check=check)

    def remove(self, name):
        self.ctr("tasks", "kill", "--signal", "SIGKILL", "--all", name, check=False)
        eventually(lambda: self.pid(name) == 0, f"{name} does not end")
        self.ctr("tasks", "rm", name, check=False)
        self.ctr("containers", "rm", name, check=False)
        if name in self.known:
            self.known.remove(name)

    def end(self):
        for name in list(self.known):
            with contextlib.suppress(Exception):
                self.remove(name)
        for root in self.images:
            subprocess.run(["umount", root], check=False)
        self.process.terminate()
        self.process.wait()
        self.log.close()
