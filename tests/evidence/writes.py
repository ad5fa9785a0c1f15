"""Runs the scenario `demo` with headroomd-hooked, whose hook at the only write call notes what the file held before each
write, and watches every group by inotify meanwhile.  usage: writes.py BIN_DIR SECONDS LEAST_LEASES ARM"""
import collections
import ctypes
import glob
import json
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

BIN, SECONDS, LEAST, ARM = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
BUDGET = 0.005             # of one core
IN_MODIFY, IN_NONBLOCK = 2, 0o4000
V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
CPU = "/sys/fs/cgroup" if V2 else "/sys/fs/cgroup/cpu"
# What a refill rewrites shares its file with the setting `burst`; all other files are written for settings only.
FILES = ("cpu.max", "cpu.max.burst", "cpu.weight") if V2 else ("cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us",
                                                              "cpu.shares")


class Witness(threading.Thread):
    """inotify on every group below a directory: how often which file was modified. Equal neighbours in the kernel's
    queue merge, so it can see fewer modifications than there were writes, and never more."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(IN_NONBLOCK)
        self.paths, self.seen, self.quit = {}, collections.Counter(), False
        for folder, _, _ in os.walk(root):
            self.paths[self.libc.inotify_add_watch(self.fd, folder.encode(), IN_MODIFY)] = folder

    def run(self):
        while not self.quit:
            self.drain()
            time.sleep(0.002)
        self.drain()

    def drain(self):
        try:
            data = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            watch, mask, _, size = struct.unpack_from("iIII", data, at)
            name = data[at + 16:at + 16 + size].rstrip(b"\0").decode()
            at += 16 + size
            if mask & IN_MODIFY and name in FILES:
                self.seen[self.paths[watch] + "/" + name] += 1


def ask(control, path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(2)
        s.connect(control)
        s.sendall(("GET %s HTTP/1.0\r\nHost: x\r\n\r\n" % path).encode())
        data = b""
        while chunk := s.recv(1 << 16):
            data += chunk
    return json.loads(data.split(b"\r\n\r\n", 1)[1])


class Leases:
    """How many leases there were, from the daemon's own answers, ten a second: at least so many."""

    def __init__(self):
        self.began = {}          # group -> age at the last look
        self.count = collections.Counter()

    def look(self, control):
        out = {}
        for group in ask(control, "/v1/groups")["groups"]:
            lease = group.get("lease")
            if not lease:
                continue
            path, age = group["path"], lease["ageSeconds"]
            out[path] = age
            if path not in self.began or age < self.began[path]:
                self.count[lease["kind"], lease["actuator"]] += 1
        self.began = out


def parse(audit):
    for line in audit:
        at, kind, rest = line.split(" ", 2)
        path, values = rest.rstrip("\n").split(" ", 1)
        old, new = values.split(" > ")
        yield int(at), kind, path, old, new


def judge(audit, witness):
    """Rows of what was found: (sentence, figure, holds)."""
    writes = list(parse(audit))
    kinds = collections.Counter(kind for _, kind, _, _, _ in writes)
    unchanged = [w for w in writes if w[1] != "refill" and w[3] == w[4]]
    moved = [w for w in writes if w[1] == "refill" and w[3] != w[4]]
    by_file = collections.Counter(path for _, _, path, _, _ in writes)
    behind = {path: n for path, n in witness.seen.items() if n > by_file[path]}
    unseen = sorted(set(by_file) - set(witness.seen))
    return kinds, [
        ("settings writes of a value that the file held already", len(unchanged), not unchanged),
        ("refills that changed a value", len(moved), not moved),
        ("files with more modifications, by inotify, than writes that the hook counted", len(behind), not behind),
        ("files written, by the hook, that inotify never saw modified", len(unseen), not unseen),
    ], writes


def metric(body, name):
    return sum(float(line.rsplit(" ", 1)[1]) for line in body.splitlines() if line.split("{")[0].split(" ")[0] == name)


def scrape(port):
    with socket.create_connection(("127.0.0.1", port), 2) as s:
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        data = b""
        while chunk := s.recv(1 << 16):
            data += chunk
    return data.decode()


def refills_of(body):
    return sum(float(line.rsplit(" ", 1)[1]) for line in body.splitlines()
               if line.startswith("headroom_cgroup_writes_total{") and 'kind="refill"' in line)


def worst_second(writes, means):
    """Most refills in any second, and the dearest second: refills times the mean cost that was known then, which is what
    the budget is kept by. means: (time, mean cost) by time."""
    times = sorted(at for at, kind, _, _, _ in writes if kind == "refill")
    most = dearest = first = 0
    for i, at in enumerate(times):
        while at - times[first] > 1_000_000_000:
            first += 1
        most = max(most, i - first + 1)
        known = [mean for when, mean in means if times[first] - 200_000_000 <= when <= at + 200_000_000]
        if known:
            dearest = max(dearest, (i - first + 1) * min(known))
    return most, dearest


def watch(lab, folder):
    """Until the lab ends. -> (witness, leases, last scrape, root, mean cost of a refill as it was known when)"""
    run = "/run/headroom-lab-%d" % lab.pid
    control, leases, witness, body, root = None, Leases(), None, "", "%s/headroom-lab-%d" % (CPU, lab.pid)
    means = []
    while lab.poll() is None:
        time.sleep(0.1 if witness else 0.005)
        try:
            if control is None:
                found = glob.glob(run + "/headroom-*/state/control.sock")
                if not found:
                    if witness is None and glob.glob(run + "/headroom-*/run"):
                        witness = Witness(root)   # the tree stands before the daemon is started
                        witness.start()
                    continue
                control = found[0]
                with open(os.path.dirname(control) + "/../headroom.yaml") as f:
                    port = [int(line.rsplit(":", 1)[1]) for line in f if line.startswith("listen:")][0]
            leases.look(control)
            body = scrape(port)
            if refills_of(body):
                means.append((time.monotonic_ns(), metric(body, "headroom_refill_cost_seconds_total") / refills_of(body)))
        except OSError:
            continue   # it is coming or going
    if witness:
        witness.quit = True
        witness.join()
    return witness, leases, body, root, means


def replayed(folder):
    """(refills in the journals' plans, those of them without a hidden lease of their group, whether every plan came out
    again), by headroom-lab replay: leases of a few hundredths of a second are more than ten looks a second can follow."""
    all_of, stray, agree = 0, 0, True
    for state in glob.glob(folder + "/**/state", recursive=True):
        done = subprocess.run([BIN + "/headroom-lab", "replay", state], capture_output=True, text=True)
        found = re.search(r"^(\d+) refills, (\d+) of them without", done.stdout, re.M)
        if not found:
            sys.exit("no replay of %s: %s" % (state, done.stdout + done.stderr))
        all_of, stray, agree = all_of + int(found[1]), stray + int(found[2]), agree and done.returncode == 0
    return all_of, stray, agree


def main():
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        audit = folder + "/audit"
        lab = subprocess.Popen([BIN + "/headroom-lab", "run", "demo", "--policies", ARM, "--smoke", "--seconds",
                                str(SECONDS), "--daemon", BIN + "/headroomd-hooked", "--keep-logs", folder + "/logs"],
                               env=dict(os.environ, HEADROOM_WRITE_AUDIT=audit), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        os.setpriority(os.PRIO_PROCESS, 0, -15)   # the load that the lab makes must not keep us from looking ten times a second
        try:
            witness, leases, body, root, means = watch(lab, folder)
        except BaseException:
            lab.send_signal(signal.SIGINT)
            lab.wait()
            raise
        if witness is None or not os.path.exists(audit):
            sys.exit("the daemon of the demonstration did not come up")
        planned, stray, agree = replayed(folder + "/logs")
        with open(audit) as f:
            kinds, rows, writes = judge(f, witness)
    spent, refills = metric(body, "headroom_refill_cost_seconds_total"), kinds["refill"]
    cost = spent / refills if refills else 0
    most, second = worst_second(writes, means)
    count = sum(leases.count.values())
    rows.append(("refills of the dearest second x their mean cost as known then (%.1f us at the end), in ms (budget 5)" % (cost * 1e6),
                 round(second * 1e3, 3),
                 second <= BUDGET * 1.02))
    rows.append(("refills of the %d in the journal's plans on a group without a hidden lease; every plan replayed: %s" %
                 (planned, "the same" if agree else "NOT the same"), stray, stray == 0 and agree and (planned > 0) == (refills > 0)))
    rows.append(("leases", count, count >= LEAST))
    print("## Arm `%s`, %d s\n" % (ARM, SECONDS))
    print("Linux %s, cgroup %s, %d CPUs.\n" % (platform.release().split("-")[0], "v2" if V2 else "v1", os.cpu_count()))
    print("%d settings writes, %d of them back to the owner's value; %d refills, %d in the worst second; leases: %s.\n" %
          (kinds["settings"] + kinds["restore"], kinds["restore"], refills, most,
           ", ".join("%d %s (%s)" % (n, kind, how) for (kind, how), n in sorted(leases.count.items()))))
    print("| | found | |\n|---|---|---|")
    for sentence, figure, holds in rows:
        print("| %s | %s | %s |" % (sentence, figure, "as it should be" if holds else "NOT MET"))
    sys.exit(0 if all(holds for _, _, holds in rows) else 1)


main()
