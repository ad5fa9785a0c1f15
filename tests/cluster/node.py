"""Certificates, configurations and command lines of everything the node runs. Used inside the cluster's namespaces: see init.py."""
import base64
import json
import os
import subprocess
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
BIN = f"{REPO}/build/cluster/bin"
NODE, ADDRESS, SERVICES, API = "node-1", "192.0.2.10", "10.96.0.0/24", "10.96.0.1"
KUBELET = "https://192.0.2.10:10250"
DOCKER_GROUP = 990   # of its socket: no root's, so that whoever is not root can be let in
ORDER = ["etcd", "containerd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"]

# Who logs in as what: file, common name, organisation, and the names that a server's certificate is for.
IDENTITIES = [
    ("apiserver", "kube-apiserver", "", f"IP:{ADDRESS},IP:{API},IP:127.0.0.1,DNS:kubernetes.default.svc,DNS:kubernetes.default"),
    ("apiserver-kubelet", "kube-apiserver", "system:masters", ""),
    ("admin", "admin", "system:masters", ""),
    ("kube-controller-manager", "system:kube-controller-manager", "", ""),
    ("kube-scheduler", "system:kube-scheduler", "", ""),
    ("kubelet", f"system:node:{NODE}", "system:nodes", ""),
    ("kubelet-server", NODE, "", f"IP:{ADDRESS},DNS:{NODE}"),
]
LOGINS = ("admin", "kube-controller-manager", "kube-scheduler", "kubelet")

# Who changed what: every write, without bodies.
AUDIT = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    verbs: [create, update, patch, delete, deletecollection]
  - level: None
"""

CNI = {"cniVersion": "0.4.0", "name": "pods", "plugins": [
    {"type": "bridge", "bridge": "pods0", "isGateway": True, "ipMasq": False,
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def read(path):
    with open(path) as file:
        return file.read()


def tail(path, lines=15):
    return "".join(open(path, errors="replace").readlines()[-lines:]) if os.path.exists(path) else "(no log)\n"


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words[:6])}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Node:
    def __init__(self, state):
        self.state = state

    def log(self, name):
        return f"{self.state}/logs/{name}.log"

    def file(self, name):
        return f"{self.state}/conf/{name}"

    def key(self, name):
        return f"{self.state}/pki/{name}.key"

    def certificate(self, name):
        return f"{self.state}/pki/{name}.crt"

    # Before anything is started.
    def make_certificates(self):
        os.makedirs(f"{self.state}/pki", exist_ok=True)
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
        run("openssl", "req", "-x509", *curve, "-subj", "/CN=headroom-cluster", "-keyout", self.key("ca"), "-out", self.certificate("ca"))
        run("openssl", "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", self.key("accounts"))
        for name, who, organisation, names in IDENTITIES:
            subject = (f"/O={organisation}" if organisation else "") + f"/CN={who}"
            extensions = ["-addext", f"subjectAltName={names}"] if names else []
            run("openssl", "req", *curve, "-x509", "-CA", self.certificate("ca"), "-CAkey", self.key("ca"), "-subj", subject, *extensions,
                "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=clientAuth,serverAuth",
                "-keyout", self.key(name), "-out", self.certificate(name))

    def write_configurations(self):
        for name in LOGINS:
            write(self.file(name + ".kubeconfig"), self.kubeconfig(name))
        write(self.file("audit.yaml"), AUDIT)
        write(self.file("cni/10-pods.conflist"), json.dumps(CNI))
        write(self.file("containerd.toml"), self.containerd())
        write(self.file("kubelet.yaml"), json.dumps(self.kubelet()))

    def kubeconfig(self, name):
        def data(path):
            return base64.b64encode(read(path).encode()).decode()
        return json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "cluster",
            "clusters": [{"name": "cluster", "cluster": {"server": f"https://{ADDRESS}",
                                                         "certificate-authority-data": data(self.certificate("ca"))}}],
            "users": [{"name": name, "user": {"client-certificate-data": data(self.certificate(name)),
                                              "client-key-data": data(self.key(name))}}],
            "contexts": [{"name": "cluster", "context": {"cluster": "cluster", "user": name}}]})

    def containerd(self):
        # A sandbox's score is below ours, which needs a capability that this machine's root may not have.
        may = subprocess.run(["sh", "-c", "echo -998 >/proc/self/oom_score_adj"], capture_output=True).returncode == 0
        return f"""version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = {"false" if may else "true"}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{self.file('cni')}"
"""

    def kubelet(self):
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "cgroupDriver": "cgroupfs", "failCgroupV1": False, "failSwapOn": False, "resolvConf": "", "oomScoreAdj": 0,
            "clusterDNS": [f"{SERVICES.rsplit('.', 1)[0]}.10"], "clusterDomain": "cluster.local",   # nobody answers there
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock", "volumePluginDir": f"{self.state}/volume-plugins",
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                               "x509": {"clientCAFile": self.certificate("ca")}},
            "authorization": {"mode": "Webhook"}, "address": ADDRESS, "healthzBindAddress": "127.0.0.1",
            "tlsCertFile": self.certificate("kubelet-server"), "tlsPrivateKeyFile": self.key("kubelet-server"),
            # The disk belongs to others, too: nothing is evicted and no image is collected because of them.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
        }

    def command(self, name):
        etcd = "http://127.0.0.1:2379"
        login = f"--kubeconfig={self.file(name + '.kubeconfig')}"
        return {
            # Nothing here outlives the machine's power, so nothing waits for the disk.
            "etcd": [f"{BIN}/etcd", "--data-dir", f"{self.state}/etcd", "--unsafe-no-fsync", "--log-level", "warn",
                     "--listen-client-urls", etcd, "--advertise-client-urls", etcd, "--listen-peer-urls", "http://127.0.0.1:2380"],
            "containerd": ["containerd", "--config", self.file("containerd.toml")],
            "kube-apiserver": [
                f"{BIN}/kube-apiserver", f"--etcd-servers={etcd}", "--secure-port=443", f"--advertise-address={ADDRESS}",
                f"--service-cluster-ip-range={SERVICES}", "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
                "--allow-privileged", f"--client-ca-file={self.certificate('ca')}",
                f"--tls-cert-file={self.certificate('apiserver')}",
                f"--tls-private-key-file={self.key('apiserver')}", f"--kubelet-certificate-authority={self.certificate('ca')}",
                f"--kubelet-client-certificate={self.certificate('apiserver-kubelet')}",
                f"--kubelet-client-key={self.key('apiserver-kubelet')}",
                "--kubelet-preferred-address-types=InternalIP", "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={self.key('accounts')}",
                f"--service-account-signing-key-file={self.key('accounts')}",
                f"--audit-log-path={self.state}/logs/audit.json", f"--audit-policy-file={self.file('audit.yaml')}"],
            "kube-controller-manager": [
                f"{BIN}/kube-controller-manager", login, "--leader-elect=false", "--bind-address=127.0.0.1",
                "--use-service-account-credentials", f"--service-account-private-key-file={self.key('accounts')}",
                f"--root-ca-file={self.certificate('ca')}"],
            "kube-scheduler": [f"{BIN}/kube-scheduler", login, "--leader-elect=false", "--bind-address=127.0.0.1"],
            "kubelet": [f"{BIN}/kubelet", login, f"--config={self.file('kubelet.yaml')}", f"--hostname-override={NODE}",
                        f"--node-ip={ADDRESS}", "--containerd=/run/containerd/containerd.sock"],
            "workflow-controller": [
                "env", "LEADER_ELECTION_DISABLE=true", f"KUBECONFIG={self.file('admin.kubeconfig')}", f"{BIN}/workflow-controller",
                "--namespaced", "--namespace=argo", "--executor-image=localhost/argoexec:1", "--executor-image-pull-policy=Never"],
            "dockerd": [
                f"{REPO}/build/containerd/usr/sbin/dockerd", "--data-root", f"{self.state}/docker", "--exec-root", "/run/docker",
                "--pidfile", "/run/docker.pid", "--host", "unix:///run/docker.sock", "--group", str(DOCKER_GROUP),
                "--bridge", "none", "--iptables=false", "--ip6tables=false", "--storage-driver", "vfs", "--exec-opt", "native.cgroupdriver=cgroupfs"],
        }[name]

    # While it runs. A test stops and starts one of these by its name.
    def start(self, name):
        with open(self.log(name), "a") as log:
            process = subprocess.Popen(self.command(name), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        write(f"{self.state}/pids/{name}", f"{process.pid}\n")

    def pid(self, name):
        return int(read(f"{self.state}/pids/{name}"))

    def runs(self, name):
        """A zombie does not: the cluster's first process has not got to it yet."""
        try:
            return read(f"/proc/{self.pid(name)}/stat").rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False

    def stop(self, name, signal=15):
        os.kill(self.pid(name), signal)
        self.wait(name, lambda: not self.runs(name), f"{name} does not end", 90, may_end=True)   # the API server: a minute

    def wait(self, name, holds, what, seconds=120, may_end=False):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return
            if not may_end and not self.runs(name):
                raise RuntimeError(f"{name} ended; the end of {self.log(name)}:\n{tail(self.log(name))}")
            time.sleep(0.1)
        raise RuntimeError(f"{what} within {seconds} s; the end of {self.log(name)}:\n{tail(self.log(name))}")

    def kubectl(self, *words, **more):
        return run(f"{BIN}/kubectl", "--kubeconfig", self.file("admin.kubeconfig"), *words, **more)

    def ctr(self, *words):
        return run("ctr", "--namespace", "k8s.io", *words)

    def load(self, image):
        """One that only some parts need."""
        self.ctr("images", "import", f"{REPO}/build/cluster/more/{image}.tar")

    def docker(self, *words):
        return run("docker", "--host", "unix:///run/docker.sock", *words)

    def answers(self, name):
        try:
            if name == "etcd":
                return b"true" in urllib.request.urlopen("http://127.0.0.1:2379/health", timeout=2).read()
            if name == "containerd":
                return bool(self.ctr("version"))
            if name == "dockerd":
                return bool(self.docker("version"))
            if name == "kube-apiserver":
                return self.kubectl("get", "--raw", "/readyz") == "ok"
            if name == "kubelet":   # what the API server has of it may be from before a restart
                ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
                healthy = b"ok" in urllib.request.urlopen("http://127.0.0.1:10248/healthz", timeout=2).read()
                return healthy and self.kubectl("get", "node", NODE, "-o", ready) == "True"
            return True   # their work tells: pods that are made and placed
        except (OSError, RuntimeError):
            return False

    def wait_for(self, name):
        self.wait(name, lambda: self.answers(name), f"{name} does not answer")
