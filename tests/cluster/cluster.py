"""A one-node cluster in namespaces of its own, and its end. usage: cluster.py up|down|enter [WORD...]; see run.sh."""
import contextlib
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import check
from node import BIN, REPO, Node, read, tail, write

HERE = os.path.dirname(os.path.abspath(__file__))
HIERARCHIES = [d for d in glob.glob("/sys/fs/cgroup/*") if os.path.isdir(d)]
PREFIX = "/var/tmp/headroom-cluster."


def say(text):
    print(text, flush=True)


def started(pid):
    """@return start time of a process that lives, in ticks: a PID may be somebody else's by now, or a zombie that nobody has got to"""
    try:
        fields = read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def child_of(pid):
    try:
        return int(read(f"/proc/{pid}/task/{pid}/children").split()[0])
    except (OSError, IndexError):
        return 0


class Cluster:
    """`state` is the one directory with everything on disk; `owner` in it names the process outside that holds the namespaces."""

    def __init__(self, state):
        self.state, self.node = state, Node(state)

    def holder(self):
        try:
            pid, start = read(f"{self.state}/owner").split()
        except (OSError, ValueError):
            return 0
        return int(pid) if started(pid) == start else 0

    def enter(self, *words):
        """The command that runs `words` on the node."""
        return ["nsenter", "-t", str(child_of(self.holder())), "-m", "-n", "-p", "--", *words]

    def begin(self, keep):
        # The holder ends with us (not: with --keep), the first process with the holder, and everything with the first process.
        tied = [] if keep else ["setpriv", "--pdeathsig", "KILL"]
        with open(f"{self.state}/init.log", "w") as log:
            process = subprocess.Popen([*tied, "unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child",
                                        sys.executable, f"{HERE}/init.py", self.state],
                                       stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        write(f"{self.state}/owner", f"{process.pid} {started(process.pid)}\n")
        while not os.path.exists(f"{self.state}/ready"):
            if os.path.exists(f"{self.state}/failed"):
                raise RuntimeError(read(f"{self.state}/failed").strip())
            if process.poll() is not None:
                raise RuntimeError(f"the cluster's first process ended:\n{tail(self.state + '/init.log')}")
            time.sleep(0.1)

    def end(self):
        pid = self.holder()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child_of(pid) or pid, signal.SIGKILL)   # the holder ends after its child, and that one after all others
        while self.holder():
            time.sleep(0.02)
        remove_cgroups()
        shutil.rmtree(self.state)


def remove_cgroups():
    """Only after the end of all processes: what is there then is empty, or not ours."""
    for top in HIERARCHIES:
        for directory, _, _ in os.walk(f"{top}/docker", topdown=False):
            with contextlib.suppress(OSError):   # of somebody else's Docker
                os.rmdir(directory)
        for directory, _, _ in os.walk(f"{top}/kubepods", topdown=False):
            for _ in range(100):
                try:
                    os.rmdir(directory)
                    break
                except OSError:
                    time.sleep(0.02)
            else:
                raise RuntimeError(f"{directory} cannot be removed; processes in it: {read(directory + '/cgroup.procs').split()}")


def known():
    return [Cluster(d) for d in sorted(glob.glob(PREFIX + "*"))]


def running():
    return next((c for c in known() if c.holder()), None)


def clean():
    """What an earlier one left that was killed."""
    for cluster in known():
        if not cluster.holder():
            say(f"cleaning up what {cluster.state} left")
            cluster.end()


def up(keep=False):
    other = running()
    if other:
        raise RuntimeError(f"a cluster is running ({other.state}): end it by tests/cluster/run.sh --down")
    clean()
    if any(os.path.exists(f"{top}/kubepods") for top in HIERARCHIES):
        raise RuntimeError("somebody else has a cgroup kubepods on this machine: end that test or kubelet first")
    os.environ["PATH"] = f"{os.path.realpath(REPO)}/build/containerd/usr/bin:{BIN}:" + os.environ["PATH"]
    cluster = Cluster(tempfile.mkdtemp(prefix=PREFIX))
    began = time.monotonic()
    try:
        cluster.begin(keep)
    except BaseException:
        cluster.end()
        raise
    say(f"the node is ready {time.monotonic() - began:.1f} s after its start; everything is in {cluster.state}")
    return cluster


def inherits():
    """@return what a cluster could leave behind: cgroups, interfaces, mounts, network namespaces, rules, processes, directories"""
    def lines(*words):
        return set(subprocess.run(words, capture_output=True, text=True).stdout.splitlines())
    names = set()
    for top in HIERARCHIES:
        for directory, _, _ in os.walk(top):
            if "headroom" not in directory:   # other tests' on the same machine
                names.add(directory)
    for command in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = read(command).split("\0")
        except OSError:
            continue
        if words[0].startswith(BIN) or words[0].endswith(("containerd", "containerd-shim-runc-v2")) and PREFIX in " ".join(words):
            names.add(f"process {' '.join(words[:3])}")
    names.update(f"interface {line.split(':')[1].strip()}" for line in lines("ip", "-o", "link"))
    names.update(f"namespace {line}" for line in lines("ip", "netns"))
    names.update(f"rule {line}" for line in lines("iptables-save") if not line.startswith("#"))
    names.update(f"mount {line.split()[1]}" for line in lines("cat", "/proc/mounts") if "headroom-cluster" in line or "kubelet" in line)
    places = ("/var/lib/kubelet", "/var/log/pods", "/var/log/containers", "/run/containerd", "/opt/cni")
    names.update(place for place in places if os.path.exists(place))
    names.update(glob.glob(PREFIX + "*"))
    return names


def test(arguments):
    wrong = check.unknown(arguments)
    if wrong:
        say(wrong)
        return 2
    clean()
    before = inherits()
    cluster = up()
    try:
        done = subprocess.run(cluster.enter(sys.executable, f"{HERE}/check.py", cluster.state, *arguments))
    finally:
        began = time.monotonic()
        cluster.end()
    left = inherits() - before
    for name in sorted(left):
        say(f"left over: {name}")
    say(f"{'FAILED' if left else 'ok'}: taken down in {time.monotonic() - began:.1f} s, {len(left)} things left over")
    return done.returncode or bool(left)


def main():
    def interrupted(number, _):
        raise SystemExit(128 + number)
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    word, *arguments = sys.argv[1:]
    try:
        if word == "test":
            return test(arguments)
        if word == "up":
            up(keep=True)
            return 0
        cluster = running()
        if word == "down":
            if cluster:
                cluster.end()
            clean()
            return 0
        if not cluster:
            raise RuntimeError("no cluster is running: tests/cluster/run.sh --keep starts one")
        environment = dict(os.environ, KUBECONFIG=cluster.node.file("admin.kubeconfig"), HEADROOM_CLUSTER=cluster.state,
                           PATH=f"{BIN}:{os.path.realpath(REPO)}/build/containerd/usr/bin:" + os.environ["PATH"])
        return subprocess.run(cluster.enter(*(arguments or ["bash"])), env=environment).returncode
    except RuntimeError as e:
        say(f"FAILED: {e}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
