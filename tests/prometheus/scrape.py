"""A real Prometheus scrapes the real daemon on a tree of 300 plain groups, some of whose names are no UTF-8, and of 40
containers that a stand-in for the kubelet names: every series once, names and labels as listed, promtool clean, gone groups
gone.  usage: scrape.py BIN_DIR PROMETHEUS_DIR"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

BIN, PROMETHEUS = sys.argv[1:3]
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "metrics.txt")
PLAIN, ODD, PODS, CONTAINERS = 300, 3, 20, 2
STAND_IN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support", "stand_in_kubelet.py")
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')


def hierarchies():
    """Every directory under which a group may be made; the one of the cpu controller first."""
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        return ["/sys/fs/cgroup"]
    found = ["/sys/fs/cgroup/" + name for name in ("cpu", "cpuacct", "pids", "unified")]
    return [d for d in found if os.path.isdir(d)]


class Tree:
    """Scratch groups of our own, removed whatever happens."""

    def __init__(self):
        self.name = "hr-prom-%d" % os.getpid()
        self.bases = hierarchies()
        self.made = []
        self.v2 = self.bases[0] == "/sys/fs/cgroup"
        if self.v2:
            self.hand_out("")
        self.make("")

    def hand_out(self, path):
        with open(os.path.join(self.bases[0], path, "cgroup.subtree_control"), "w") as f:
            f.write("+cpu")

    def make(self, path, quota=None):
        for base in self.bases:
            os.makedirs(os.path.join(base, self.name, path), exist_ok=True)
        self.made.append(path)
        if quota is None:
            if self.v2:
                self.hand_out(os.path.join(self.name, path))
            return
        name, text = ("cpu.max", "%d 100000" % quota) if self.v2 else ("cpu.cfs_quota_us", str(quota))
        with open(os.path.join(self.root(), path, name), "w") as f:
            f.write(text)

    def root(self):
        return os.path.join(self.bases[0], self.name)

    def remove(self, path):
        for base in self.bases:
            try:
                os.rmdir(os.path.join(base, self.name, path))
            except FileNotFoundError:
                pass

    def close(self):
        for path in sorted(self.made, key=lambda p: -len(p)):
            self.remove(path)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def eventually(what, ask, patience=60):
    end = time.monotonic() + patience
    while True:
        try:
            answer = ask()
        except OSError:
            answer = None
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("not within %d s: %s" % (patience, what))
        time.sleep(0.3)


def parse(text):
    """(name, labels) of every sample in order. Labels: sorted pairs; an empty one is none, as for Prometheus."""
    series = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, "not a sample: " + line
        labels = [(k, v) for k, v in LABEL.findall(match.group(2) or "")]
        series.append((match.group(1), tuple(sorted((k, v) for k, v in labels if v))))
    return series


def check_names(text):
    """What is listed is there with its type and labels; a family that only an event makes may be missing."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    eventful = {"headroom_foreign_writes_total", "headroom_leases_revoked_total", "headroom_node_pressure_ratio"}
    for line in open(GOLDEN):
        if line.startswith("#"):
            continue
        name, kind, labels = line.split()
        if name in eventful and name not in types:
            continue
        assert types.get(name) == kind, "%s: want %s, got %s" % (name, kind, types.get(name))
        wanted = "" if labels == "-" else labels
        for found in re.findall(r"^%s(?:\{(.*)\})? \S+$" % name, text, re.M):
            got = ",".join(k for k, _ in LABEL.findall(found))
            assert got == wanted, "%s: want labels %s, got %s" % (name, wanted, got)


class Server:
    def __init__(self, words, log):
        self.log = log
        self.process = subprocess.Popen(words, stdout=open(log, "w"), stderr=subprocess.STDOUT)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def plain(i):
    """A directory's name may hold any bytes."""
    return "work/plain%d" % i + (os.fsdecode(b"\xff\xc3") if i < ODD else "")


def uid(pod):
    return "57e90000-0000-4000-8000-%012x" % pod


def container_id(pod, container):
    return "%064x" % (pod * CONTAINERS + container + 4096)


def pod_list():
    """As the kubelet tells it. The last pod has the name of the first: one came before the other was gone."""
    names = ["main", "sidecar"]
    return {"kind": "PodList", "items": [
        {"metadata": {"name": "step-%d" % (pod % (PODS - 1)), "namespace": "flows", "uid": uid(pod)},
         "spec": {"containers": [{"name": n, "resources": {"limits": {"cpu": "200m"}}} for n in names]},
         "status": {"qosClass": "Burstable",
                    "containerStatuses": [{"name": n, "containerID": "containerd://" + container_id(pod, i)}
                                          for i, n in enumerate(names)]}} for pod in range(PODS)]}


class Kubelet:
    """Names the containers, at https://127.0.0.1:<port>, until it is closed."""

    def __init__(self, folder):
        self.folder = folder + "/kubelet"
        os.mkdir(self.folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", self.folder + "/key.pem", "-out", self.folder + "/cert.pem"],
                       check=True, capture_output=True)
        for name, text in (("token", ""), ("mode", "ok"), ("pods.json", json.dumps(pod_list()))):
            with open(os.path.join(self.folder, name), "w") as f:
                f.write(text)
        self.process = subprocess.Popen([sys.executable, STAND_IN, self.folder], stdin=subprocess.PIPE)
        self.port = eventually("the kubelet listens", lambda: open(self.folder + "/port").read())

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def start_daemon(tree, folder, port, kubelet):
    with open(folder + "/headroom.yaml", "w") as f:
        f.write("version: 1\nmode: enforce\nlisten: 127.0.0.1:%d\n"
                "sources: {kubelet: {address: \"https://127.0.0.1:%s\", pin: %s/cert.pem}, docker: off}\nclasses:\n"
                "  - {name: plain, match: [{path: \"work/*\"}], borrow: {}}\n"
                "  - {name: step, match: [{path: \"kubepods/burstable/*/*\"}], borrow: {}}\n" % (port, kubelet.port, kubelet.folder))
    return Server([BIN + "/headroomd", "--config", folder + "/headroom.yaml", "--cgroup-root", tree.root(),
                   "--run-dir", folder + "/run", "--state-dir", folder + "/state"], folder + "/headroomd.log")


def start_prometheus(folder, port, target):
    with open(folder + "/prometheus.yml", "w") as f:
        f.write("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n  - job_name: headroom\n"
                "    static_configs: [{targets: [\"127.0.0.1:%d\"]}]\n" % target)
    return Server([PROMETHEUS + "/prometheus", "--config.file=" + folder + "/prometheus.yml",
                   "--storage.tsdb.path=" + folder + "/tsdb", "--web.listen-address=127.0.0.1:%d" % port,
                   "--log.level=warn"], folder + "/prometheus.log")


def check_promtool(text):
    done = subprocess.run([PROMETHEUS + "/promtool", "check", "metrics"], input=text, text=True, capture_output=True,
                          check=False)
    assert done.returncode == 0 and not done.stdout.strip() and not done.stderr.strip(), done.stdout + done.stderr


class Prometheus:
    def __init__(self, port):
        self.base = "http://127.0.0.1:%d" % port

    def query(self, expression):
        answer = json.loads(get(self.base + "/api/v1/query?query=" + urllib.parse.quote(expression)))
        return answer["data"]["result"]

    def series(self):
        found = []
        for result in self.query('{job="headroom",__name__!~"up|scrape_.*"}'):
            labels = {k: v for k, v in result["metric"].items() if k not in ("job", "instance")}
            found.append((labels.pop("__name__"), tuple(sorted(labels.items()))))
        return found

    def scraped(self):
        result = self.query("scrape_samples_scraped")
        return int(result[0]["value"][1]) if result else 0


def same(prometheus, target):
    """The server has what the daemon says, each once."""
    told = parse(get(target))
    assert len(told) == len(set(told)), "told twice: %s" % [s for s in set(told) if told.count(s) > 1][:5]
    held = prometheus.series()
    assert len(held) == len(set(held))
    return told if set(told) == set(held) and prometheus.scraped() == len(told) else None


def named(told):
    """(pod, container) of every series of one family that has Kubernetes' names."""
    labels = [dict(s[1]) for s in told if s[0] == "headroom_container_quota_cores"]
    return sorted((one["pod"], one["container"]) for one in labels if one.get("namespace") == "flows")


def check_groups(told):
    """Every group is there: the plain ones by their paths, the containers by their names."""
    paths = [dict(s[1])["container"] for s in told if s[0] == "headroom_container_quota_cores"]
    paths = [p for p in paths if p.startswith("/work/")]
    assert len(paths) == PLAIN, "%d plain groups are exported" % len(paths)
    odd = [p for p in paths if "\ufffdff\ufffdc3" in p]
    assert len(odd) == ODD, "those whose names are no UTF-8: %s" % odd
    want = sorted(("step-%d" % pod, name) for pod in range(PODS - 1) for name in ("main", "sidecar"))
    assert named(told) == want, "containers by name: %s" % named(told)


def run(tree, folder, kubelet):
    ports = free_port(), free_port()
    servers = [start_daemon(tree, folder, ports[0], kubelet)]
    try:
        target = "http://127.0.0.1:%d/metrics" % ports[0]
        eventually("the daemon enforces", lambda: 'headroom_mode{mode="enforce"} 1' in get(target))
        servers.append(start_prometheus(folder, ports[1], ports[0]))
        prometheus = Prometheus(ports[1])
        eventually("a write has been made", lambda: "headroom_write_cost_seconds_total" in get(target))
        eventually("the containers have names", lambda: len(named(parse(get(target)))) == (PODS - 1) * CONTAINERS)
        told = eventually("Prometheus holds every series once", lambda: same(prometheus, target))
        text = get(target)
        check_names(text)
        check_promtool(text)
        check_groups(told)
        for i in range(0, PLAIN, 2):
            tree.remove(plain(i))
        gone = 'headroom_container_quota_cores{container=~"/work/.*"}'
        eventually("gone groups drop out", lambda: len(prometheus.query(gone)) == PLAIN // 2 and same(prometheus, target))
        doubles = get(prometheus.base + "/metrics")
        assert re.search(r"^prometheus_target_scrapes_sample_duplicate_timestamp_total 0$", doubles, re.M), "duplicates"
        print("Prometheus holds each of %d series once, of %d plain groups, %d of whose names are no UTF-8, and %d containers with "
              "the kubelet's names; promtool is content; %d groups that went are gone"
              % (len(told), PLAIN, ODD, PODS * CONTAINERS, PLAIN // 2))
    except AssertionError:
        for server in servers:
            sys.stderr.write(open(server.log).read()[-2000:])
        raise
    finally:
        for server in reversed(servers):
            server.stop()


def main():
    tree = Tree()
    try:
        tree.make("work")
        for i in range(PLAIN):
            tree.make(plain(i), quota=20000)
        tree.make("kubepods")
        tree.make("kubepods/burstable")
        for pod in range(PODS):
            path = "kubepods/burstable/pod" + uid(pod)
            tree.make(path)
            for container in range(CONTAINERS):
                tree.make(path + "/" + container_id(pod, container), quota=20000)
        with tempfile.TemporaryDirectory(prefix="hr-prom-", dir="/run") as folder:
            kubelet = Kubelet(folder)
            try:
                run(tree, folder, kubelet)
            finally:
                kubelet.close()
    finally:
        tree.close()


main()
