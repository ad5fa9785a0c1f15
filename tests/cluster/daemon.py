"""Our DaemonSet's pod on the node: installed by helm, asked by its control socket."""
import glob
import json
import os
import socket
import subprocess

import values
from checks import eventually
from node import BIN, REPO, read, run

NAMESPACE, RELEASE = "headroom-system", "headroom"
SOCKET = "/run/headroom/state/control.sock"   # in enforce


def install(node, *words):
    """With its namespace."""
    node.kubectl("create", "namespace", NAMESPACE)
    node.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=privileged")
    helm(node, "install", *words)


def away(node):
    """The namespace, and the release if it is there still."""
    if pods(node):
        helm(node, "uninstall")
    node.kubectl("delete", f"namespace/{NAMESPACE}")


def in_pod(*words):
    """The words of kubectl for headroomctl in the daemon's pod."""
    return ["exec", "-n", NAMESPACE, f"daemonset/{RELEASE}", "-c", "headroomd", "--", "headroomctl", *words]


def headroomctl(node, *words):
    return node.kubectl(*in_pod(*words))


def says(node, *words):
    """Of headroomctl, whatever its exit status: doctor's tells of warnings."""
    done = subprocess.run([f"{BIN}/kubectl", "--kubeconfig", node.file("admin.kubeconfig"), *in_pod(*words)], capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError(f"headroomctl {' '.join(words)} says nothing: {done.stderr.strip()}")
    return done.stdout


def helm(node, word, *words):
    """install, upgrade or uninstall, with what this node needs"""
    here = ["--set", "image.repository=localhost/headroom,cgroups.version=v1"]
    chart = [] if word == "uninstall" else [f"{REPO}/deploy/helm/headroom", *here]
    homes = {name: f"{node.state}/helm" for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
    environment = dict(os.environ, KUBECONFIG=node.file("admin.kubeconfig"), **homes)
    run(f"{BIN}/helm", word, RELEASE, *chart, "-n", NAMESPACE, *words, env=environment)
    if word == "uninstall":
        eventually(lambda: not pods(node))
    else:
        node.kubectl("rollout", "status", f"daemonset/{RELEASE}", "-n", NAMESPACE, "--timeout=120s")


def pods(node):
    return json.loads(node.kubectl("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]


def control_socket(node):
    """As the node sees it: /run/headroom is the node's in enforce, and the pod's own directory in observe."""
    uid = pods(node)[0]["metadata"]["uid"]
    found = glob.glob(f"/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/*/control.sock")
    return found[0] if found else SOCKET


def ask(path, at):
    directory = os.open(os.path.dirname(at), os.O_PATH)   # the whole path is longer than a socket's may be
    try:
        return answer_of(path, f"/proc/self/fd/{directory}/{os.path.basename(at)}")
    finally:
        os.close(directory)


def answer_of(path, at):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(at)
        s.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        answer = b""
        while part := s.recv(1 << 16):
            answer += part
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])


def groups(at):
    """@return by container ID"""
    return {g["containerId"]: g for g in ask("/v1/groups", at)["groups"] if g["containerId"]}


def group_of(path):
    """By its cgroup."""
    return next(g for g in ask("/v1/groups", SOCKET)["groups"] if g["path"] == path)


def cpu_seconds(node):
    """Of the daemon's container, so far."""
    pod = pods(node)[0]
    status = next(s for s in pod["status"]["containerStatuses"] if s["name"] == "headroomd")
    place = f"{values.ACCOUNTS}/kubepods/{values.class_directory(pod)}pod{pod['metadata']['uid']}/{status['containerID'].split('//')[1]}"
    return int(read(f"{place}/cpuacct.usage")) / 1e9
