"""Ten thousand leases, and what the daemon asked kubelet and the API server for meanwhile. See api.sh."""
import collections
import http.server
import json
import os
import platform
import subprocess
import sys
import threading
import time

from kube_node import BIN, V2, Daemon, Kubelet, Node

OUT = os.environ.get("HEADROOM_OUT", "docs/measured/api.md")
WANTED = int(os.environ.get("HEADROOM_LEASES", "10000"))
ROOT, STEADY, PATIENCE = "headroom-api", 16, 1800


class ApiServer:
    """Whoever comes here is told of; nobody should."""

    def __init__(self):
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle(handler):
                self.asked.append(handler.client_address)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def look(daemon, ages):
    """@return leases that have begun since the last look, at least"""
    began, now = 0, {}
    for group in json.loads(daemon.get("/v1/groups"))["groups"]:
        if lease := group.get("lease"):
            now[group["path"]] = lease["ageSeconds"]
            began += group["path"] not in ages or lease["ageSeconds"] < ages[group["path"]]
    ages.clear()
    ages.update(now)
    return began


def main():
    api, leases, ages = ApiServer(), 0, {}
    with Node(ROOT) as node:
        kubelet = Kubelet(node)
        steady = subprocess.Popen([f"{BIN}/headroom-churn", "--root", ROOT, "--steady", str(STEADY), "--per-second", "0", "--seconds", str(PATIENCE + 60)],
                                  stdout=subprocess.DEVNULL)
        time.sleep(1)
        daemon = Daemon(node, kubelet, "tuning: {hold: 50}\n",
                        {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(api.server.server_address[1])})
        began = told = time.monotonic()
        while leases < WANTED and time.monotonic() - began < PATIENCE:
            leases += look(daemon, ages)
            time.sleep(0.1)
            if time.monotonic() - told > 30:
                told = time.monotonic()
                print(f"{leases} of {WANTED} leases", file=sys.stderr, flush=True)
        took = time.monotonic() - began
        daemon.end()
        steady.terminate()
        steady.wait()
        with open(f"{kubelet.dir}/requests") as file:
            asked = collections.Counter(line.split(" ", 1)[1].strip() for line in file)
        kubelet.end()
    ok = leases >= WANTED and not api.asked and set(asked) <= {"GET /pods"}
    text = f"""# What the API is asked for

Linux {platform.release().split('-')[0]}, cgroup {'v2' if V2 else 'v1'}, {os.cpu_count()} CPUs. Made by `./test.sh evidence api`: {STEADY} pods that burst 40 ms of CPU about every 0.64 s at a
limit of 0.2, for {took:.0f} s beside a lending daemon with names from a stand-in for kubelet; where the API server is said to be, a
listener counts who comes.

| what | measured |
|---|---|
| leases, at least (looked at ten times a second) | {leases} |
| requests to kubelet | {', '.join(f'{n} x {what}' for what, n in sorted(asked.items()))} |
| connections to the API server | {len(api.asked)} |

So no object of the API is read, watched or changed. Verdict: **{'passed' if ok else 'FAILED'}**
"""
    with open(OUT + ".new", "w") as file:
        file.write(text)
    os.rename(OUT + ".new", OUT)
    print(text)
    return 0 if ok else 1


sys.exit(main())
