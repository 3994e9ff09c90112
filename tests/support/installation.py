"""An installation of its own processes on this machine, to be watched: what runs, and where it is scraped.

The database is `actinf postgres run`, the API `actinf serve` behind a real nginx, what is scraped are they and their
adapters.  Only Kubernetes is played: it says one number.
"""

import contextlib
import http.server
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.adapter import Adapter, running
from support.loopback import answering
from support.nginx import NginxServer
from support.ports import free_port, wait_until
from support.postgres_pod import PostgresPod, postgres_pod
from support.seeing import Prometheus, Targets
from support.serving import Serving, serving

from actinf.service import schema_version

POD = "active-inference-api-1"
MEBIBYTE = 2**20
NGINX = """
    log_format requests escape=json '{{"classification":"normal","status":$status}}';
    server {{
        listen 127.0.0.1:{port};
        access_log {folder}/requests.log requests;
        location = /nginx-status {{ access_log off; stub_status; }}
        location / {{ proxy_pass http://127.0.0.1:{api}; }}
    }}
"""


@dataclass
class PlayedCluster:
    """What kube-state-metrics would say of the memory that the API may have."""

    place: str
    limit: int = 1024 * MEBIBYTE


@dataclass
class Installation:
    """All that runs.

    Attributes:
        pod, api, nginx: the database, the API and the proxy before it.
        cluster: what is played.
        targets: where Prometheus finds them all, by job.
    """

    pod: PostgresPod
    api: Serving
    nginx: NginxServer
    cluster: PlayedCluster
    targets: Targets = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where users ask: of nginx."""
        return f"http://127.0.0.1:{self.nginx.port}"

    def wait_until_scraped(self, prometheus: Prometheus) -> None:
        """Until Prometheus has heard of everything."""
        for job in self.targets:
            wait_until(lambda job=job: prometheus.is_up(job), f"{job} is scraped")  # type: ignore[misc]


@contextlib.contextmanager
def installed(folder: Path, *, workers: int = 0) -> Iterator[Installation]:
    """Everything, well.

    Args:
        folder: for what nginx and the adapters write.
        workers: how many simulations the API works on at once.
    """
    with contextlib.ExitStack() as stack:
        pod = stack.enter_context(postgres_pod())
        schema_version.upgrade(pod.address("actinf_owner"))
        url = pod.address("actinf_service")
        api = stack.enter_context(
            serving("--workers", str(workers), ACTINF_DATABASE_URL=url, ACTINF_MEMORY_BUDGET_BYTES=str(2**32))
        )
        api.start()
        port = free_port()
        nginx = NginxServer(folder, NGINX.format(folder=folder, port=port, api=api.port), port=port)
        stack.callback(nginx.stop)
        nginx.start()
        beside_postgres = Adapter(
            "postgres", folder, "--disk", pod.volume, "--metrics-file", pod.archive / "metrics.prom",
            "--least-free", "1", PGHOST=str(pod.sockets), PGPORT=str(pod.port), PGDATABASE="actinf",
        )  # fmt: skip
        beside_nginx = Adapter(
            "nginx", folder, "--status", f"http://127.0.0.1:{port}/nginx-status", "--tls", f"https://127.0.0.1:{port}",
            "--log", folder / "requests.log",
        )  # fmt: skip
        stack.enter_context(running(beside_postgres))
        stack.enter_context(running(beside_nginx))
        cluster = stack.enter_context(_played_cluster())
        api.wait_until_ready(path="/health")
        targets = {
            "active-inference-api": [(f"127.0.0.1:{api.port}", {"pod": POD})],
            "postgres": [(f"127.0.0.1:{beside_postgres.port}", {"pod": "postgres-0"})],
            "nginx": [(f"127.0.0.1:{beside_nginx.port}", {"pod": "nginx-1"})],
            "kube-state-metrics": [(cluster.place, {})],
        }
        yield Installation(pod=pod, api=api, nginx=nginx, cluster=cluster, targets=targets)


@contextlib.contextmanager
def _played_cluster() -> Iterator[PlayedCluster]:
    played = PlayedCluster("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            labels = f'namespace="active-inference",pod="{POD}",container="api",resource="memory",unit="byte"'
            body = f"kube_pod_container_resource_limits{{{labels}}} {played.limit}\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    with answering(Handler) as port:
        played.place = f"127.0.0.1:{port}"
        yield played
