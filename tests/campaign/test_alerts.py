"""Faults of a real installation, and how long after each somebody is told, by way of Prometheus and Alertmanager.

The database is `actinf postgres run`, the API `actinf serve`, what is scraped are they and their adapters, and all that
stands between a fault and the webhook is as it is shipped.  Only Kubernetes is played: it says one number.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from support.again import again_and_again
from support.installation import MEBIBYTE, Installation, installed
from support.ports import wait_until
from support.seeing import Seeing, seeing


@dataclass(frozen=True)
class Watched:
    """An installation that runs, and who is told of it."""

    running: Installation
    seen: Seeing

    def resident(self) -> float:
        """Memory of the API's process, bytes."""
        [series] = self.seen.prometheus.query('process_resident_memory_bytes{job="active-inference-api"}')
        return float(series["value"][1])


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with installed(tmp_path) as running, seeing(tmp_path, running.targets) as seen:
        running.wait_until_scraped(seen.prometheus)
        time.sleep(30)  # what is not well at the beginning is told by now, and would not be told again
        yield Watched(running, seen)


def agent(url: str, **settings: Any) -> str:
    body = {"model": "tmaze", "planner": {"exhaustive": {"horizon": 2}}, **settings}
    made: str = httpx.post(f"{url}/v1/agents", json=body, timeout=60).raise_for_status().json()["id"]
    return made


def told(watched: Watched, fault: str, alert: str, since: float, receiver: str = "incidents") -> None:
    seconds = watched.seen.seconds_until_told(alert, since)
    print(f"\n{fault}: {alert} told after {seconds:.1f} s")
    assert watched.seen.heard.receivers(alert) == {receiver}


def test_the_api_is_killed(watched: Watched) -> None:
    now = time.monotonic()
    watched.running.api.kill()
    with again_and_again(lambda: httpx.get(f"{watched.running.url}/v1/agents", timeout=5)):
        told(watched, "the API is killed", "ApiDown", now)
        wait_until(lambda: "NginxErrors" in watched.seen.prometheus.firing(), "nginx's answers are seen", seconds=90)
    assert watched.seen.heard.when("NginxErrors", since=now) is None, "it follows from what was told already"
    watched.running.api.start()
    watched.running.api.wait_until_ready()
    mended = time.monotonic()
    wait_until(
        lambda: watched.seen.heard.when("ApiDown", "resolved", since=now) is not None,
        "its end is told",
        seconds=120,
    )
    print(f"\nthe API is back: told {time.monotonic() - mended:.1f} s later")


def test_the_database_is_stopped(watched: Watched) -> None:
    now = time.monotonic()
    watched.running.pod.stop()
    told(watched, "the database is stopped", "DatabaseDown", now)
    told(watched, "the database is stopped", "ApiUnhealthy", now)


def test_a_lock_is_held(watched: Watched) -> None:
    url = watched.running.api.url
    stepping = agent(url)
    with psycopg.connect(watched.running.pod.local) as holder:
        holder.execute("LOCK TABLE agent_states IN ACCESS EXCLUSIVE MODE")
        now = time.monotonic()
        with again_and_again(
            lambda: httpx.post(f"{url}/v1/agents/{stepping}/steps", json={"observation": {}}, timeout=20)
        ):
            told(watched, "a lock is held", "DatabaseLocksWaited", now)


def test_resident_memory_grows(watched: Watched) -> None:
    """The limit is set a little above what the process has now; what makes it grow is real work."""
    time.sleep(5)
    before = watched.resident()
    watched.running.cluster.limit = int(before * 1.3)
    wait_until(lambda: watched.resident() >= before, "the limit is scraped")
    time.sleep(10)
    assert "ResidentMemoryHigh" not in watched.seen.prometheus.firing()
    sizes = iter(range(100, 400))
    now: float | None = None
    while now is None:
        agent(watched.running.api.url, model=large(next(sizes)), planner={"exhaustive": {"horizon": 1}})
        own = int(Path(f"/proc/{watched.running.api.pid}/statm").read_text().split()[1]) * 4096
        if own > 0.87 * watched.running.cluster.limit:
            now = time.monotonic()
    print(f"\nresident memory grew from {before / MEBIBYTE:.0f} to {own / MEBIBYTE:.0f} MiB")
    told(watched, "resident memory grows", "ResidentMemoryHigh", now)


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


def test_keys_are_guessed(watched: Watched) -> None:
    now = time.monotonic()
    guess = {"Authorization": "Bearer ai_abcdefgh_" + "0" * 43}
    with again_and_again(
        lambda: httpx.get(f"{watched.running.api.url}/v1/agents", headers=guess), threads=2, pause=0.2
    ):
        told(watched, "keys are guessed", "KeysGuessed", now, "security")


def test_the_end_of_the_audit_log_is_cut_off(watched: Watched) -> None:
    url = watched.running.api.url
    for _ in range(3):
        agent(url)
    anchored = "max(actinf_audit_rows)"
    wait_until(lambda: float(watched.seen.prometheus.query(anchored)[0]["value"][1]) >= 3, "it is anchored")
    now = time.monotonic()
    with psycopg.connect(watched.running.pod.local, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("DELETE FROM audit_log WHERE seq > 1")
        owner.execute("UPDATE audit_head SET seq = 1, mac = (SELECT mac FROM audit_log WHERE seq = 1)")
    told(watched, "the audit log is cut", "AuditContradicted", now, "security")


def test_nginx_is_killed(watched: Watched) -> None:
    now = time.monotonic()
    watched.running.nginx.stop()
    told(watched, "nginx is stopped", "NginxDown", now)
