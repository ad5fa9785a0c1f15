"""What happens to containers, as somebody other than the daemon sees it. Times are seconds since the epoch."""
import contextlib
import ctypes
import glob
import json
import os
import re
import select
import struct
import subprocess
import threading
import time
from datetime import datetime

import daemon
from node import read
from values import ACCOUNTS, CPU

LIBC = ctypes.CDLL(None, use_errno=True)
IN_MODIFY, IN_CREATE = 0x2, 0x100


def epoch(text):
    """Of 2026-11-23T12:00:00.123456789Z, of the same with a blank, and of whole seconds."""
    whole, _, fraction = text.rstrip("Z").replace(" ", "T").partition(".")
    return datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{fraction or 0}")


class Background:
    """A context in which `work` runs in a thread until it ends."""

    def __enter__(self):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.begin()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.end()
        self.thread.join()

    def begin(self):
        pass

    def end(self):
        pass


class Tasks(Background):
    """containerd's own events: begin and end of each container's first process, by container ID."""

    def begin(self):
        self.started, self.ended = {}, {}
        self.process = subprocess.Popen(["ctr", "--namespace", "k8s.io", "events"], stdout=subprocess.PIPE, text=True)

    def work(self):
        for line in self.process.stdout:
            date, clock, _, _, _, topic, text = line.split(" ", 6)
            event = json.loads(text)
            what = {"/tasks/start": self.started, "/tasks/exit": self.ended}.get(topic)
            if what is not None and event.get("id", event["container_id"]) == event["container_id"]:   # not of an exec in it
                what[event["container_id"]] = epoch(f"{date} {clock}")

    def end(self):
        self.process.terminate()
        self.process.wait()


class Quotas(Background):
    """Every value of a container's quota and burst, by inotify: container ID -> [(time, quota in us, burst in us)]."""

    def begin(self):
        self.seen, self.watched = {}, {}
        self.fd = LIBC.inotify_init1(os.O_CLOEXEC)
        top = f"{CPU}/kubepods"
        for directory in [top, *(d.rstrip("/") for d in glob.glob(f"{top}/*/"))]:
            self.watch(directory)

    def watch(self, directory):
        number = LIBC.inotify_add_watch(self.fd, directory.encode(), IN_CREATE | IN_MODIFY)
        if number < 0:
            return
        self.watched[number] = directory
        with contextlib.suppress(OSError):   # what was made before the watch; it may be gone already
            for name in os.listdir(directory):
                self.made(directory, name)
        self.look(directory)

    def made(self, directory, name):
        if (name.startswith("pod") or re.fullmatch("[0-9a-f]{64}", name)) and f"{directory}/{name}" not in self.watched.values():
            self.watch(f"{directory}/{name}")

    def look(self, directory):
        container = directory.rsplit("/", 1)[1]
        if len(container) == 64:
            with contextlib.suppress(OSError, ValueError):
                quota, burst = (int(read(f"{directory}/cpu.cfs_{name}_us")) for name in ("quota", "burst"))
                self.seen.setdefault(container, []).append((time.time(), quota, burst))

    def work(self):
        while not self.over.is_set():
            if select.select([self.fd], [], [], 0.2)[0]:
                self.take(os.read(self.fd, 1 << 16))

    def take(self, events):
        at = 0
        while at < len(events):
            number, mask, _, length = struct.unpack_from("iIII", events, at)
            name = events[at + 16:at + 16 + length].rstrip(b"\0").decode()
            at += 16 + length
            directory = self.watched.get(number, "")
            if mask & IN_CREATE:
                self.made(directory, name)
            elif name in ("cpu.cfs_quota_us", "cpu.cfs_burst_us"):
                self.look(directory)

    def __exit__(self, *exception):
        super().__exit__(*exception)
        os.close(self.fd)

    def lent_from(self, container, own):
        """@return when it had more than its own limit first; None: never"""
        return next((t for t, quota, burst in self.seen.get(container, []) if quota > own or burst > 0), None)


class Reports(Background):
    """What the daemon says of each container: last, and since when it has named the container of a step."""

    def __init__(self, at, seconds):
        self.at, self.seconds = at, seconds

    def begin(self):
        self.last, self.named = {}, {}

    def work(self):
        while not self.over.wait(self.seconds):
            with contextlib.suppress(OSError, ValueError):
                groups, now = daemon.groups(self.at), time.time()
                self.last.update(groups)
                for container, group in groups.items():
                    if group["step"] and group["container"]:
                        self.named.setdefault(container, now)


class Kubelet(Background):
    """When kubelet's /pods had a container's ID first. Asking so often costs kubelet CPU: not while something is measured."""

    def __init__(self, api, seconds):
        self.api, self.seconds = api, seconds

    def begin(self):
        self.listed = {}

    def work(self):
        while not self.over.wait(self.seconds):
            pods, now = self.api.kubelets_pods(), time.time()
            for pod in pods:
                for kind in ("initContainerStatuses", "containerStatuses"):
                    for status in pod["status"].get(kind, []):
                        if "containerID" in status:
                            self.listed.setdefault(status["containerID"].split("//")[1], now)


class Samples(Background):
    """What some containers have and use, for pictures: every 50 ms, the first `most` that begin in the given class with the given weight."""

    EVERY, LOOK = 0.05, 0.3   # s

    def __init__(self, top, shares, most):
        self.top, self.shares, self.most = f"{CPU}/{top}", shares, most

    def begin(self):
        self.rows, self.looked = {}, 0.0   # directory -> [(time, usage in s, quota in us, throttled in s)]
        self.before = set(self.there())

    def there(self):
        return glob.glob(f"{self.top}/pod*/*/")

    def find(self):
        for directory in self.there():
            if len(self.rows) < self.most and directory not in self.rows and directory not in self.before:
                with contextlib.suppress(OSError):
                    if int(read(f"{directory}cpu.shares")) == self.shares:
                        self.rows[directory] = []

    def work(self):
        while not self.over.wait(self.EVERY):
            if time.time() - self.looked > self.LOOK:
                self.find()
                self.looked = time.time()
            for directory, rows in self.rows.items():
                with contextlib.suppress(OSError):
                    throttled = int(read(f"{directory}cpu.stat").split()[5]) / 1e9
                    used = int(read(f"{ACCOUNTS}{directory[len(CPU):]}cpuacct.usage")) / 1e9
                    rows.append((time.time(), used, int(read(f"{directory}cpu.cfs_quota_us")), throttled))
