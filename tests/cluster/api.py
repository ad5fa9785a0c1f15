"""The API server and kubelet asked directly: a kubectl costs more CPU than what is measured beside it."""
import json
import ssl
import urllib.error
import urllib.request

from node import ADDRESS, KUBELET

WORKFLOWS = "/apis/argoproj.io/v1alpha1/namespaces/argo/workflows"


class Api:
    """As the cluster's administrator."""

    def __init__(self, node):
        self.context = ssl.create_default_context(cafile=node.certificate("ca"))
        self.context.load_cert_chain(node.certificate("admin"), node.key("admin"))

    def call(self, method, url, body=None):
        request = urllib.request.Request(url, method=method, headers={"Content-Type": "application/json"},
                                         data=json.dumps(body).encode() if body is not None else None)
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            raise RuntimeError(f"{method} {url}: {e.code} {e.read().decode(errors='replace')[:300]}") from e

    def get(self, path):
        return self.call("GET", f"https://{ADDRESS}{path}")

    def create(self, path, document):
        return self.call("POST", f"https://{ADDRESS}{path}", document)

    def delete(self, path):
        return self.call("DELETE", f"https://{ADDRESS}{path}", {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"})

    def pods(self, namespace, selector=""):
        return self.get(f"/api/v1/namespaces/{namespace}/pods" + (f"?labelSelector={selector}" if selector else ""))["items"]

    def kubelets_pods(self):
        return self.call("GET", f"{KUBELET}/pods")["items"]
