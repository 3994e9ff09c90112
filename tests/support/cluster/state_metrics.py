"""What the pod `kube-state-metrics` of a cluster runs: what the API says of its objects, on port 8080 of the pod.

python -m support.cluster.state_metrics
"""

import http.server
import os
import ssl
import urllib.request
from pathlib import Path

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PORT = 8080


class Handler(http.server.BaseHTTPRequestHandler):
    """Passes the API's answer on."""

    def do_GET(self) -> None:
        address = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}/metrics/kube-state-metrics"
        context = ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
        with urllib.request.urlopen(address, context=context, timeout=3) as reply:
            body = reply.read()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer((os.environ["POD_IP"], PORT), Handler).serve_forever()
