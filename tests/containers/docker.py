"""Debian's Docker engine: a worker of GlobalFunc's, known by its name, borrows in a storm of calls and is put back. See run.sh."""
import contextlib
import json
import os
import signal
import subprocess
import time

from node import CPU, HIERARCHIES, eventually, expect, figure, quota_file, read, text_of

NAME = "m7_v101_30G_0G_26000"
STORM = ["/bin/busybox", "sh", "-c", "while :; do :; done & while :; do :; done"]
CONFIG = """version: 1
mode: enforce
listen: 127.0.0.1:0
sources: {{kubelet: off, docker: {{address: "unix:{socket}"}}}}
classes:
  - name: worker
    match: [{{dockerName: '^(?P<host>[A-Za-z0-9-]+)_v(?P<version>\\d+)_(?P<memory>\\d+G)_(?P<gpu>\\d+G)_(?P<port>\\d{{2,5}})$', portRange: [26000, 27000]}}]
    borrow: {{upTo: 2 cores, visibility: file}}
"""


class Docker:
    def __init__(self, directory, rootfs):
        self.directory, self.socket = directory, f"{directory}/docker.sock"
        os.makedirs(directory)
        self.log = open(f"{directory}/log", "w")
        self.process = subprocess.Popen(
            ["dockerd", "--data-root", f"{directory}/data", "--exec-root", f"{directory}/exec", "--pidfile", f"{directory}/pid", "--host", f"unix://{self.socket}",
             "--bridge", "none", "--iptables=false", "--ip6tables=false", "--storage-driver", "vfs", "--exec-opt", "native.cgroupdriver=cgroupfs"],
            stdout=self.log, stderr=self.log)
        eventually(lambda: os.path.exists(self.socket) and self.run("version", check=False).returncode == 0, lambda: read(f"{directory}/log")[-3000:], 60)
        tar = subprocess.Popen(["tar", "-C", rootfs, "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(self.words("import", "-", "headroom-test"), stdin=tar.stdout, check=True, stdout=subprocess.DEVNULL)
        tar.wait()

    def words(self, *words):
        return ["docker", "--host", f"unix://{self.socket}", *words]

    def run(self, *words, check=True):
        done = subprocess.run(self.words(*words), capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"docker {' '.join(words)}: {done.stderr.strip()}")
        return done

    def end(self):
        for container in self.run("ps", "-aq", check=False).stdout.split():
            self.run("rm", "-f", container, check=False)
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        self.process.kill()
        self.process.wait()
        self.log.close()
        for top in HIERARCHIES:
            with contextlib.suppress(OSError):
                os.rmdir(f"{top}/docker")


def worker_borrows(suite):
    directory = f"{suite.directory}/docker"
    docker = Docker(directory, suite.rootfs)
    state = f"{directory}/headroom"
    os.makedirs(state)
    with open(f"{state}/headroom.yaml", "w") as file:
        file.write(CONFIG.format(socket=docker.socket))
    with open(f"{state}/log", "w") as log:
        daemon = subprocess.Popen([f"{suite.bin}/headroomd", "--config", f"{state}/headroom.yaml", "--run-dir", f"{state}/run", "--state-dir", state],
                                  stdout=log, stderr=log)
    try:
        eventually(lambda: os.path.exists(f"{state}/control.sock"), lambda: read(f"{state}/log"))
        plain = docker.run("run", "-d", "--name", "somebody", "--network", "none", "--cpus", "0.5", "headroom-test", *STORM).stdout.strip()
        began = time.monotonic()
        worker = docker.run("run", "-d", "--name", NAME, "--network", "none", "--cpus", "1", "headroom-test", *STORM).stdout.strip()
        path = f"docker/{worker}"
        expect(os.path.isdir(f"{CPU}/{path}"), f"no {path}")
        eventually(lambda: read(quota_file(path)) != text_of(100000), lambda: read(f"{state}/log"), 30)
        figure("a Docker worker started with `--cpus 1`: from `docker run` to its first lease", f"{time.monotonic() - began:.1f} s")
        said = json.dumps(suite.control(f"/v1/explain?group={path}", state))
        for word in ("globalfunc", "m7", "101", "30G", "0G", "26000"):
            expect(word in said, f"explain does not name {word}: {said}")
        expect(read(quota_file(f"docker/{plain}")) == text_of(50000), "somebody else's container was lent to")
        docker.run("restart", "-t", "0", NAME)
        eventually(lambda: read(quota_file(path)) != text_of(100000), "no lease after a restart", 30)
        daemon.send_signal(signal.SIGTERM)
        expect(daemon.wait(10) == 0, read(f"{state}/log"))
        expect(read(quota_file(path)) == text_of(100000), "left behind")
    finally:
        daemon.kill()
        daemon.wait()
        docker.end()
