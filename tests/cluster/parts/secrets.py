"""Values of pods' environment variables, which headroom reads with kubelet's /pods, are in nothing that it writes or says."""
import base64
import glob
import json
import os
import secrets
import time
import urllib.parse
import urllib.request

import daemon
from api import Api
from checks import Part, check, container, cpu, eventually, pod
from daemon import NAMESPACE, SOCKET
from parts.faults import BURSTS, STEP

RUN, RECORD = "/run/headroom", "/run/headroom/state/secrets.hrj"
PLAIN, DFLOW = "keeps-a-password", "keeps-storage-keys"
ROUTES = ("status", "groups", "view", "config", "explain?group=nobody")
# What dflow writes into its Python steps, shortened.
SCRIPT = """import json
from dflow import config, jsonpickle, s3_config
config.update(jsonpickle.loads(r'''{{"host": "https://127.0.0.1:2746", "namespace": "default", "token": "{0}", "mode": "default"}}'''))
s3_config.update(jsonpickle.loads(r'''{{"endpoint": "127.0.0.1:9000", "access_key": "{0}", "secret_key": "{0}", "secure": false}}'''))
"""


def burster(variable, value):
    return dict(container("main", cpu("50m", "200m"), "sh", "-c", BURSTS), env=[{"name": variable, "value": value}])


def argo_template(secret):
    script = {"name": "", "image": "localhost/busybox:1", "command": ["python3"], "source": SCRIPT.format(secret)}
    return json.dumps({"name": "square", "inputs": {}, "outputs": {}, "script": script})


def forms(secret):
    """How hexadecimal digits may stand in a text: JSON, URLs and logs leave them as they are, however often they quote; in base64 they
    depend on where they begin, and their ends on what is beside them."""
    out = [secret.encode()]
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + secret.encode())
        out.append(text[4 if shift else 0:-4])
    return out


def contents(files):
    out = {}
    for file in files:
        if os.path.isfile(file):   # not the socket
            with open(file, "rb") as f:
                out[file] = f.read()
    return out


class Secrets(Part):
    def __init__(self, node):
        super().__init__(node)
        self.api = Api(node)
        self.secrets = [secrets.token_hex(16) for _ in range(2)]

    def begins(self):
        """With all that the log can say, and a journal of the same as long as the test."""
        daemon.install(self.node, "--set", "mode=enforce,config.log.level=trace")
        password, keys = self.secrets
        pods = [pod(PLAIN, STEP, burster("DATABASE_PASSWORD", f'"\\{password}\n')),
                pod(DFLOW, STEP, burster("ARGO_TEMPLATE", argo_template(keys)))]
        self.apply({"apiVersion": "v1", "kind": "List", "items": pods})
        self.node.kubectl("wait", "--for=condition=Ready", f"pod/{PLAIN}", f"pod/{DFLOW}", "--timeout=60s")
        daemon.headroomctl(self.node, "record", RECORD, "--for", "20s")
        self.recorded = time.monotonic() + 24   # with what is on its way there

    def groups(self):
        """@return container ID and group of both pods' containers, by the pod's name"""
        return {g["pod"]: (i, g) for i, g in daemon.groups(SOCKET).items() if g["pod"] in (PLAIN, DFLOW) and g["container"] == "main"}

    def lent_to(self):
        def both():
            known = {name: ((g["step"] or {}).get("engine"), g["lentCpuSeconds"]) for name, (_, g) in self.groups().items()}
            return known if len(known) == 2 and all(lent for _, lent in known.values()) else {}
        known = eventually(both)
        engines = {name: engine for name, (engine, _) in known.items()}
        check(engines == {PLAIN: "argo", DFLOW: "dflow"}, f"recognised, the second by ARGO_TEMPLATE alone, and lent to (CPU-s): {known}")

    def logs(self):
        name = daemon.pods(self.node)[0]["metadata"]["name"]
        out = {f"kubectl logs {c}": self.node.kubectl("logs", "-n", NAMESPACE, name, "-c", c).encode() for c in ("headroomd", "guard")}
        return out | contents(glob.glob(f"/var/log/pods/{NAMESPACE}_*/*/*.log"))

    def files(self):
        """State and run directory: journal, the record, credits, ledger. Nothing in them is compressed."""
        time.sleep(max(0, self.recorded - time.monotonic()))
        return contents(f"{directory}/{name}" for directory, _, names in os.walk(RUN) for name in names)

    def metrics(self):
        address = daemon.pods(self.node)[0]["status"]["podIP"]
        with urllib.request.urlopen(f"http://{address}:9478/metrics", timeout=10) as answer:
            return {"/metrics": answer.read()}

    def routes(self):
        explained = [f"explain?group={urllib.parse.quote(g['path'])}" for g in daemon.ask("/v1/groups", SOCKET)["groups"] if g["path"]]
        return {route: json.dumps(daemon.ask(f"/v1/{route}", SOCKET)).encode() for route in [*ROUTES, *explained]}

    def told(self):
        ids = [i for i, _ in self.groups().values()]
        commands = [["status"], ["top", "--times", "1"], ["throttled"], ["config", "explain"], ["doctor"], *(["explain", i] for i in ids)]
        both = [words for command in commands for words in (command, ["-o", "json", *command])]
        reports = [["doctor", "--report"], ["doctor", "--report", "--names"]]
        return {" ".join(words): daemon.says(self.node, *words).encode() for words in [*both, *reports]}

    def times(self, text):
        """@return how often a secret is there, in any form"""
        return sum(text.count(form) for secret in self.secrets for form in forms(secret))

    def searched(self):
        places = (("logs", self.logs()), ("metrics", self.metrics()), ("routes", self.routes()), ("headroomctl", self.told()),
                  ("files", self.files()))
        for kind, texts in places:
            hits = {name: times for name, text in texts.items() if (times := self.times(text))}
            named = sum(text.count(name.encode()) for text in texts.values() for name in (PLAIN, DFLOW))
            size = sum(map(len, texts.values()))
            # Logs need not name pods.
            check(not hits and size and (named or kind == "logs"),
                  f"{kind}: {len(texts)} places, {size} bytes; the pods' names {named} times, their secrets {sum(hits.values())} times"
                  + "".join(f"\n  {name}: {times}" for name, times in hits.items()))

    def finds(self):
        """The same search, where it must find: names in journals, secrets in what headroom reads."""
        journals = [name for name, text in self.files().items() if name.endswith(".hrj") and DFLOW.encode() in text]
        check(RECORD in journals and len(journals) > 1, f"{len(journals)} journals have that pod's name, {RECORD} is among them")
        pods = json.dumps(self.api.kubelets_pods()).encode()
        found = [sum(pods.count(form) for form in forms(secret)) for secret in self.secrets]
        check(all(found), f"kubelet's /pods, {len(pods)} bytes, has the secrets {found[0]} and {found[1]} times")

    def away(self):
        self.node.kubectl("delete", f"pod/{PLAIN}", f"pod/{DFLOW}")
        daemon.away(self.node)
        os.remove(RECORD)


def run(node):
    part = Secrets(node)
    part.run(part.begins, part.lent_to, part.searched, part.finds, part.away)
