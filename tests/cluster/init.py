"""The first process of the cluster's namespaces (mounts, processes, network): when it ends, the kernel ends everything else and takes
away every mount and interface. usage: init.py STATE"""
import os
import subprocess
import sys

from node import ADDRESS, API, ORDER, REPO, Node, run, write

# kubelet sets these for the whole machine; here it gets files of its own.
TUNABLES = ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
            "kernel/keys/root_maxbytes"]


def own_directories(state):
    """The usual paths, so that all is as on a node that somebody else set up, with nothing left on this machine."""
    for place in ("run", "var/lib", "var/log"):
        own = f"{state}/root/{place}"
        os.makedirs(own)
        run("mount", "--bind", own, f"/{place}")
    os.makedirs("/run/lock", exist_ok=True)
    for name in TUNABLES:
        if os.path.exists(f"/proc/sys/{name}"):
            fake = f"{state}/root/sys/{name}"
            with open(f"/proc/sys/{name}") as file:
                write(fake, file.read())
            run("mount", "--bind", fake, f"/proc/sys/{name}")


def own_network():
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "node0", "type", "bridge")
    run("ip", "address", "add", f"{ADDRESS}/24", "dev", "node0")
    # There is no kube-proxy: the one service that pods need, the API server's, has its address here.
    run("ip", "address", "add", f"{API}/32", "dev", "node0")
    run("ip", "link", "set", "node0", "up")


def begin(state):
    node = Node(state)
    own_directories(state)
    own_network()
    os.makedirs(f"{state}/logs")
    node.make_certificates()
    node.write_configurations()
    for name in ORDER:
        node.start(name)
        if name in ("containerd", "etcd", "kube-apiserver"):
            node.wait_for(name)
    images = f"{REPO}/build/cluster/images"
    for archive in sorted(os.listdir(images)):
        node.ctr("images", "import", f"{images}/{archive}")
    if "\nheadroom:" in "\n" + node.ctr("images", "ls", "-q"):   # of tests/deploy/image.sh
        node.ctr("images", "tag", "headroom:0.1.0", "localhost/headroom:0.1.0")
    node.wait_for("kubelet")
    # A pod is refused until the controller has made the namespace's account.
    node.wait("kube-controller-manager", lambda: "default" in node.kubectl("get", "serviceaccounts", "-o", "name"), "no account is made")
    write(f"{state}/ready", "")


def main():
    state = sys.argv[1]
    if len(sys.argv) > 2:
        try:
            begin(state)
        except Exception as e:   # whoever waits outside prints it
            write(f"{state}/failed", f"{e}\n")
            raise
        return
    subprocess.Popen([sys.executable, *sys.argv, "begin"])
    while True:   # parents of containers end early by design: what they leave is ours to reap
        os.wait()


main()
