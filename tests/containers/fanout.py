"""A GlobalFunc worker without a limit (forked HTTP server, calls of 0.5 ms) beside a fan-out of steps that borrow, in Debian's Docker:
the p99 of its calls against that with static step limits, by the neighbour rule (two static arms in every rotation, open loop)."""
import os
import random
import shutil
import signal
import statistics
import subprocess
import time

from docker import NAME, Docker
from node import eventually, expect, figure, quota_file, read, say, text_of

PORT, STEPS, RATE = 26000, 3, 210
CONFIG = """version: 1
mode: enforce
listen: 127.0.0.1:0
sources: {{kubelet: off, docker: {{address: "unix:{socket}"}}}}
classes:
  - name: step
    match: [{{dockerName: '^step-(?P<step>\\d+)$'}}]
    borrow: {{upTo: 2 cores}}
"""


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


class Fanout:
    def __init__(self, suite):
        self.suite, self.directory = suite, f"{suite.directory}/fanout"
        rootfs = f"{suite.directory}/fanout-rootfs"
        shutil.copytree(suite.rootfs, rootfs, symlinks=True)
        source = os.path.join(os.path.dirname(__file__), "calls.cpp")
        self.calls = f"{rootfs}/bin/calls"
        subprocess.run(["g++", "-std=c++20", "-O2", "-static", "-pthread", source, "-o", self.calls], check=True)
        self.docker = Docker(self.directory, rootfs)
        self.state, self.daemon = f"{self.directory}/headroom", None
        self.out = f"{self.directory}/bursts"
        for directory in (self.state, self.out):
            os.makedirs(directory)
        with open(f"{self.state}/headroom.yaml", "w") as file:
            file.write(CONFIG.format(socket=self.docker.socket))

    def begin(self, seed):
        self.docker.run("run", "-d", "--name", NAME, "--network", "host", "headroom-test", "/bin/calls", "serve", str(PORT), "4")
        self.paths = []
        for n in range(STEPS):
            step = self.docker.run("run", "-d", "--name", f"step-{n}", "--network", "none", "--cpus", "0.5", "-v", f"{self.out}:/out", "headroom-test",
                                   "/bin/calls", "burst", "2", "150", "700", str(seed + n), f"/out/{n}").stdout.strip()
            self.paths.append(f"docker/{step}")

    def lend(self, on):
        if on and self.daemon is None:
            self.log = open(f"{self.state}/log", "w")
            self.daemon = subprocess.Popen([f"{self.suite.bin}/headroomd", "--config", f"{self.state}/headroom.yaml", "--run-dir", f"{self.state}/run",
                                            "--state-dir", self.state], stdout=self.log, stderr=self.log)
            eventually(lambda: os.path.exists(f"{self.state}/control.sock"), lambda: read(f"{self.state}/log"))
        if not on and self.daemon is not None:
            self.daemon.send_signal(signal.SIGTERM)
            expect(self.daemon.wait(10) == 0, read(f"{self.state}/log"))
            self.daemon = None
            self.log.close()
            for path in self.paths:
                expect(read(quota_file(path)) == text_of(50000), f"left behind in {path}")

    def window(self, arm, seconds, seed):
        """@return ms of each call, ms of each burst"""
        self.lend(arm == "headroom")
        time.sleep(min(2, seconds / 5))
        before = [len(read(f"{self.out}/{n}").splitlines()) for n in range(STEPS)]
        done = subprocess.run([self.calls, "load", str(PORT), str(RATE), str(seconds), str(seed)], capture_output=True, text=True, check=True)
        bursts = [float(line) for n in range(STEPS) for line in read(f"{self.out}/{n}").splitlines()[before[n]:]]
        calls = [float(line) for line in done.stdout.split()]
        expect(calls and min(calls) > 0, "a call was not answered")
        return calls, bursts

    def end(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
        self.docker.end()


def worker_beside_a_fanout(suite):
    rotations, seconds = suite.arguments.rotations, suite.arguments.seconds
    fanout, order = Fanout(suite), random.Random(1)
    arms = {"static": ([], []), "headroom": ([], []), "static again": ([], [])}
    try:
        fanout.begin(1)
        eventually(lambda: all(os.path.exists(f"{fanout.out}/{n}") and read(f"{fanout.out}/{n}") for n in range(STEPS)), "no burst ends", 30)
        for rotation in range(rotations):
            for arm in order.sample(list(arms), len(arms)):
                calls, bursts = fanout.window(arm, seconds, 100 + rotation)
                arms[arm][0].extend(calls)
                arms[arm][1].extend(bursts)
                say(f"rotation {rotation + 1} of {rotations}, {arm}: {len(calls)} calls, p99 {quantile(calls, 0.99):.2f} ms, {len(bursts)} bursts, mean {statistics.mean(bursts):.0f} ms")
        fanout.lend(False)
    finally:
        fanout.end()
    tail = {arm: [quantile(calls, q) for q in (0.95, 0.99)] for arm, (calls, _) in arms.items()}
    mean = {arm: statistics.mean(bursts) for arm, (_, bursts) in arms.items()}
    ratio = [ours / base for ours, base in zip(tail["headroom"], tail["static"])]
    same = [again / base for again, base in zip(tail["static again"], tail["static"])]
    counts = ", ".join(f"{len(calls)} calls and {len(bursts)} bursts" for calls, bursts in arms.values())
    figure(f"a worker without a limit beside {STEPS} borrowing steps, {rotations} rotations of {seconds:g} s: " + counts + " in static, headroom, static again",
           f"p95 {tail['static'][0]:.2f}, {tail['headroom'][0]:.2f}, {tail['static again'][0]:.2f} ms; p99 {tail['static'][1]:.2f}, {tail['headroom'][1]:.2f}, {tail['static again'][1]:.2f} ms")
    figure("its p95 and p99 against static (bar 1.05); static again against static (the run counts within 0.95..1.05)",
           f"{ratio[0]:.3f}, {ratio[1]:.3f}; {same[0]:.3f}, {same[1]:.3f}")
    figure("the steps' bursts of 150 ms of CPU, mean: static, headroom", f"{mean['static']:.0f}, {mean['headroom']:.0f} ms")
    expect(mean["headroom"] < 0.75 * mean["static"], "the steps gained nothing")
    if rotations >= 6:
        expect(all(0.95 <= s <= 1.05 for s in same), f"void: static again against static {same}")
        expect(max(ratio) <= 1.05, f"the neighbour's tail: {ratio}")
