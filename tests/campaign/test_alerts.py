"""Faults of a real installation, and how long after each somebody is told, by way of Prometheus and Alertmanager.

The database is `actinf postgres run`, the API `actinf serve`, what is scraped are they and their adapters, and all that
stands between a fault and the webhook is as it is shipped.  Only Kubernetes is played: it says one number.
"""

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from support.adapter import Adapter, running
from support.loopback import answering
from support.nginx import NginxServer
from support.ports import free_port, wait_until
from support.postgres_pod import PostgresPod, postgres_pod
from support.seeing import Seeing, seeing
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
class Installation:
    """All that runs."""

    pod: PostgresPod
    api: Serving
    nginx: NginxServer
    cluster: "Cluster"
    seen: Seeing

    def resident(self) -> float:
        """Memory of the API's process, bytes."""
        [series] = self.seen.prometheus.query('process_resident_memory_bytes{job="active-inference-api"}')
        return float(series["value"][1])


class Cluster:
    """What kube-state-metrics would say of the memory that the API may have."""

    def __init__(self, port: int):
        self.limit = 1024 * MEBIBYTE
        self.place = f"127.0.0.1:{port}"


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
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
        played = Cluster(port)
        yield played


@pytest.fixture
def installation(tmp_path: Path, nginx_server: Callable[..., NginxServer]) -> Iterator[Installation]:
    """Everything, well, and seen to be."""
    with contextlib.ExitStack() as stack:
        pod = stack.enter_context(postgres_pod())
        schema_version.upgrade(pod.address("actinf_owner"))
        url = pod.address("actinf_service")
        api = stack.enter_context(
            serving("--workers", "0", ACTINF_DATABASE_URL=url, ACTINF_MEMORY_BUDGET_BYTES=str(2**32))
        )
        api.start()
        port = free_port()
        nginx = nginx_server(NGINX.format(folder=tmp_path, port=port, api=api.port), port=port)
        beside_postgres = Adapter(
            "postgres", tmp_path, "--disk", pod.volume, "--metrics-file", pod.archive / "metrics.prom",
            "--least-free", "1", PGHOST=str(pod.sockets), PGPORT=str(pod.port), PGDATABASE="actinf",
        )  # fmt: skip
        beside_nginx = Adapter(
            "nginx", tmp_path, "--status", f"http://127.0.0.1:{port}/nginx-status", "--tls", f"https://127.0.0.1:{port}",
            "--log", tmp_path / "requests.log",
        )  # fmt: skip
        stack.enter_context(running(beside_postgres))
        stack.enter_context(running(beside_nginx))
        played = stack.enter_context(cluster())
        api.wait_until_ready(path="/health")
        targets = {
            "active-inference-api": [(f"127.0.0.1:{api.port}", {"pod": POD})],
            "postgres": [(f"127.0.0.1:{beside_postgres.port}", {"pod": "postgres-0"})],
            "nginx": [(f"127.0.0.1:{beside_nginx.port}", {"pod": "nginx-1"})],
            "kube-state-metrics": [(played.place, {})],
        }
        seen = stack.enter_context(seeing(tmp_path, targets))
        for job in targets:
            wait_until(lambda job=job: seen.prometheus.is_up(job), f"{job} is scraped")
        time.sleep(30)  # what is not well at the beginning is told by now, and would not be told again
        yield Installation(pod=pod, api=api, nginx=nginx, cluster=played, seen=seen)


def agent(url: str, **settings: Any) -> str:
    body = {"model": "tmaze", "planner": {"exhaustive": {"horizon": 2}}, **settings}
    made: str = httpx.post(f"{url}/v1/agents", json=body, timeout=60).raise_for_status().json()["id"]
    return made


@contextlib.contextmanager
def again_and_again(act: Callable[[], object], *, threads: int = 4, pause: float = 0.1) -> Iterator[None]:
    """Do something in the background, whatever becomes of it."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(pause):
            with contextlib.suppress(httpx.HTTPError):
                act()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        ended.set()
        for worker in workers:
            worker.join()


def told(installation: Installation, fault: str, alert: str, since: float, receiver: str = "incidents") -> None:
    seconds = installation.seen.seconds_until_told(alert, since)
    print(f"\n{fault}: {alert} told after {seconds:.1f} s")
    assert installation.seen.heard.receivers(alert) == {receiver}


def test_the_api_is_killed(installation: Installation) -> None:
    now = time.monotonic()
    installation.api.kill()
    with again_and_again(lambda: httpx.get(f"http://127.0.0.1:{installation.nginx.port}/v1/agents", timeout=5)):
        told(installation, "the API is killed", "ApiDown", now)
        wait_until(
            lambda: "NginxErrors" in installation.seen.prometheus.firing(), "nginx's answers are seen", seconds=90
        )
    assert installation.seen.heard.when("NginxErrors", since=now) is None, "it follows from what was told already"
    installation.api.start()
    installation.api.wait_until_ready()
    mended = time.monotonic()
    wait_until(
        lambda: installation.seen.heard.when("ApiDown", "resolved", since=now) is not None,
        "its end is told",
        seconds=120,
    )
    print(f"\nthe API is back: told {time.monotonic() - mended:.1f} s later")


def test_the_database_is_stopped(installation: Installation) -> None:
    now = time.monotonic()
    installation.pod.stop()
    told(installation, "the database is stopped", "DatabaseDown", now)
    told(installation, "the database is stopped", "ApiUnhealthy", now)


def test_a_lock_is_held(installation: Installation) -> None:
    url = installation.api.url
    stepping = agent(url)
    with psycopg.connect(installation.pod.local) as holder:
        holder.execute("LOCK TABLE agent_states IN ACCESS EXCLUSIVE MODE")
        now = time.monotonic()
        with again_and_again(
            lambda: httpx.post(f"{url}/v1/agents/{stepping}/steps", json={"observation": {}}, timeout=20)
        ):
            told(installation, "a lock is held", "DatabaseLocksWaited", now)


def test_resident_memory_grows(installation: Installation) -> None:
    """The limit is set a little above what the process has now; what makes it grow is real work."""
    time.sleep(5)
    before = installation.resident()
    installation.cluster.limit = int(before * 1.3)
    wait_until(lambda: installation.resident() >= before, "the limit is scraped")
    time.sleep(10)
    assert "ResidentMemoryHigh" not in installation.seen.prometheus.firing()
    sizes = iter(range(100, 400))
    now: float | None = None
    while now is None:
        agent(installation.api.url, model=large(next(sizes)), planner={"exhaustive": {"horizon": 1}})
        own = int(Path(f"/proc/{installation.api.pid}/statm").read_text().split()[1]) * 4096
        if own > 0.87 * installation.cluster.limit:
            now = time.monotonic()
    print(f"\nresident memory grew from {before / MEBIBYTE:.0f} to {own / MEBIBYTE:.0f} MiB")
    told(installation, "resident memory grows", "ResidentMemoryHigh", now)


def large(size: int) -> dict[str, Any]:
    """A model with one factor of many states."""
    uniform = [[round(1 / size, 9)] * size for _ in range(size)]
    return {
        "actinf": 1,
        "kind": "model",
        "name": f"large-{size}",
        "factors": {"place": size},
        "modalities": {"seen": {"outcomes": size, "depends_on": ["place"]}},
        "controls": {"place": ["stay", "go"]},
        "A": {"seen": uniform},
        "B": {"place": [[[value, value] for value in row] for row in uniform]},
        "D": {"place": "uniform"},
    }


def test_keys_are_guessed(installation: Installation) -> None:
    now = time.monotonic()
    guess = {"Authorization": "Bearer ai_abcdefgh_" + "0" * 43}
    with again_and_again(lambda: httpx.get(f"{installation.api.url}/v1/agents", headers=guess), threads=2, pause=0.2):
        told(installation, "keys are guessed", "KeysGuessed", now, "security")


def test_the_end_of_the_audit_log_is_cut_off(installation: Installation) -> None:
    url = installation.api.url
    for _ in range(3):
        agent(url)
    anchored = "max(actinf_audit_rows)"
    wait_until(lambda: float(installation.seen.prometheus.query(anchored)[0]["value"][1]) >= 3, "it is anchored")
    now = time.monotonic()
    with psycopg.connect(installation.pod.local, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("DELETE FROM audit_log WHERE seq > 1")
        owner.execute("UPDATE audit_head SET seq = 1, mac = (SELECT mac FROM audit_log WHERE seq = 1)")
    told(installation, "the audit log is cut", "AuditContradicted", now, "security")


def test_nginx_is_killed(installation: Installation) -> None:
    now = time.monotonic()
    installation.nginx.stop()
    told(installation, "nginx is stopped", "NginxDown", now)
