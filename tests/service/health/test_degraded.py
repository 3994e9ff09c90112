"""A part that can be done without is named by /health, which says 200 all the same, and counted in /metrics."""

from typing import TYPE_CHECKING

import httpx
import psycopg
from support.ports import wait_until

if TYPE_CHECKING:
    from support.service import RunningService


def test_workers_that_are_gone_are_missed_and_seen_when_they_come(service: "RunningService", api: httpx.Client) -> None:
    def missed() -> bool:
        return "worker" in api.get("/health").raise_for_status().json()["degraded"]

    wait_until(missed, "no worker lives")
    assert 'actinf_degraded{part="worker"} 1.0' in api.get("/metrics").text
    with psycopg.connect(service.database.url, autocommit=True) as connection:
        connection.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
        wait_until(lambda: not missed(), "a worker lives")
        assert 'actinf_degraded{part="worker"} 0.0' in api.get("/metrics").text
        connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '11 s'")
        wait_until(missed, "its heart has stopped")
