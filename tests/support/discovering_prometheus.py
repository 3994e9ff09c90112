"""What a pod of the stand-in runs as `prometheus`: the real one, told by a real vmagent what Kubernetes has.

Debian's Prometheus is built without the discovery of Kubernetes.  VictoriaMetrics' vmagent, which Debian has as well,
reads the same `kubernetes_sd_configs` and makes the same `__meta_kubernetes_…` labels of what it finds, from inside the
pod, with the token of its ServiceAccount.  Here it does that and nothing else: what it finds is handed to Prometheus
over HTTP, and Prometheus relabels, scrapes and evaluates as its configuration says.

    python -m support.discovering_prometheus --config.file=… --storage.tsdb.path=… …
"""

import http.server
import json
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

import yaml
from support.ports import free_port

NEVER = "24h"  # vmagent only looks; it waits a part of this, by chance, before its first scrape
FOUND = "__meta_kubernetes_"


def main(arguments: list[str]) -> None:
    """Start vmagent and Prometheus; end when Prometheus ends, and end both when told to."""
    given = dict(one.removeprefix("--").split("=", 1) for one in arguments)
    shipped = Path(given["config.file"])
    folder = Path(given["storage.tsdb.path"]) / "discovery"
    folder.mkdir(exist_ok=True)
    config = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    looking, port = asked_of_kubernetes(config), free_port()
    vmagent = started_vmagent(folder, looking, port)
    told = told_over_http(port)
    config["rule_files"] = [str(shipped.parent / pattern) for pattern in config["rule_files"]]
    names = {json.dumps(asked): name for name, asked in looking.items()}
    for job in config["scrape_configs"]:
        if "kubernetes_sd_configs" in job:
            addresses = [f"{told}/{names[json.dumps(asked)]}" for asked in job.pop("kubernetes_sd_configs")]
            job["http_sd_configs"] = [{"url": address, "refresh_interval": "5s"} for address in addresses]
    changed = folder / "prometheus.yml"
    changed.write_text(yaml.safe_dump(config), encoding="utf-8")
    rest = [one for one in arguments if not one.startswith("--config.file=")]
    prometheus = subprocess.Popen(["/usr/bin/prometheus", f"--config.file={changed}", *rest])
    signal.signal(signal.SIGTERM, lambda *_: prometheus.terminate())
    code = prometheus.wait()
    vmagent.terminate()
    vmagent.wait()
    sys.exit(code)


def asked_of_kubernetes(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each way in which Kubernetes is asked, once, under a name."""
    ways: dict[str, dict[str, Any]] = {}
    for job in config["scrape_configs"]:
        for asked in job.get("kubernetes_sd_configs", []):
            if asked not in ways.values():
                ways[f"way-{len(ways)}"] = asked
    return ways


def started_vmagent(folder: Path, looking: dict[str, dict[str, Any]], port: int) -> "subprocess.Popen[bytes]":
    """vmagent, which looks and does not scrape."""
    jobs = [{"job_name": name, "kubernetes_sd_configs": [asked]} for name, asked in looking.items()]
    path = folder / "vmagent.yml"
    path.write_text(yaml.safe_dump({"global": {"scrape_interval": NEVER}, "scrape_configs": jobs}), encoding="utf-8")
    return subprocess.Popen(
        [
            "/usr/bin/vmagent",
            f"-promscrape.config={path}",
            "-promscrape.kubernetesSDCheckInterval=1s",
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-remoteWrite.url=http://127.0.0.1:{port}/nowhere",
            f"-remoteWrite.tmpDataPath={folder / 'vmagent'}",
            "-loggerLevel=WARN",
        ]
    )


def told_over_http(vmagent: int) -> str:
    """Answer, for each way, with what vmagent has found; where."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with urllib.request.urlopen(f"http://127.0.0.1:{vmagent}/api/v1/targets", timeout=5) as reply:
                found = [one["discoveredLabels"] for one in json.load(reply)["data"]["activeTargets"]]
            here = [labels for labels in found if labels["job"] == self.path.strip("/")]
            groups = [
                {
                    "targets": [labels["__address__"]],
                    "labels": {name: value for name, value in labels.items() if name.startswith(FOUND)},
                }
                for labels in here
            ]
            body = json.dumps(groups).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


if __name__ == "__main__":
    main(sys.argv[1:])
