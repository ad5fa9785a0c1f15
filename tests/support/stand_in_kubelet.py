#!/usr/bin/env python3
"""Stands in for kubelet's port: TLS, a token check, and every way of not answering.

usage: stand_in_kubelet.py DIRECTORY
In the directory: cert.pem, key.pem, token, pods.json, and mode, which is read again for every request:
  ok | 401 | 403 | slow (0.3 s) | hang | close (half of the body) | garbage | empty | big (10 MB)
  | tree (what there is below the directory that the file tree names: pods in namespace churn, each of one container main)
Writes port when it listens and a line to requests for every request. Ends with its standard input."""
import http.server, json, os, ssl, sys, threading, time

here = sys.argv[1]


def read(name):
    with open(os.path.join(here, name), "rb") as file:
        return file.read()


def big_list():
    pods = json.loads(read("pods.json"))
    padding = "x" * 10000
    for pod in pods["items"]:
        pod["metadata"].setdefault("annotations", {})["example.org/padding"] = padding
    while len(pods["items"]) < 1000:
        number = len(pods["items"])
        pods["items"].append({"metadata": {"name": f"padding-{number}", "namespace": "x", "uid": f"padding-{number}",
                                           "annotations": {"example.org/padding": padding}}, "spec": {}, "status": {}})
    return json.dumps(pods).encode()


def tree_list():
    top, items = read("tree").decode().strip(), []
    for pod in os.scandir(top):
        if not pod.name.startswith("pod"):
            continue
        uid = pod.name[3:]
        try:
            ids = [c.name for c in os.scandir(pod.path) if len(c.name) == 64]
        except FileNotFoundError:
            continue
        names = [f"c{i}" if i else "main" for i in range(len(ids))]
        items.append({"metadata": {"name": "pod-" + uid, "namespace": "churn", "uid": uid, "labels": {"workflows.argoproj.io/workflow": "w"}},
                      "spec": {"containers": [{"name": n, "resources": {"limits": {"cpu": "200m"}}} for n in names]},
                      "status": {"qosClass": "Burstable",
                                 "containerStatuses": [{"name": n, "containerID": "containerd://" + i} for n, i in zip(names, sorted(ids))]}})
    return json.dumps({"kind": "PodList", "items": items}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def plain(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        mode = read("mode").decode().strip()
        with open(os.path.join(here, "requests"), "a") as log:
            log.write(f"{mode} {self.command} {self.path}\n")
        if mode == "hang":
            time.sleep(3600)
        if mode in ("401", "403"):
            return self.plain(int(mode), "Unauthorized" if mode == "401" else "Forbidden (user=x, verb=get, resource=nodes)")
        token = read("token").decode().strip()  # empty: none is wanted
        if token and self.headers.get("Authorization") != "Bearer " + token:
            return self.plain(401, "Unauthorized")
        if self.path != "/pods":
            return self.plain(404, "404 page not found")
        if mode == "slow":
            time.sleep(0.3)
        body = {"garbage": b"<html>{\"items\": 7}", "empty": b'{"kind":"PodList","items":null}'}.get(mode)
        if body is None:
            body = big_list() if mode == "big" else tree_list() if mode == "tree" else read("pods.json")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if mode == "close" else body)
        if mode == "close":
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that goes away in the middle


server = Server(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(here, "cert.pem"), os.path.join(here, "key.pem"))
server.socket = context.wrap_socket(server.socket, server_side=True)
with open(os.path.join(here, "port.new"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(here, "port.new"), os.path.join(here, "port"))
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
