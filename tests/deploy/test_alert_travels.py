"""One alert all the way: a real API is killed, and by way of Prometheus and Alertmanager somebody is told."""

import time
from pathlib import Path

from support.ports import wait_until
from support.seeing import seeing
from support.serving import serving


def test_an_api_that_is_killed_is_told_within_a_minute(tmp_path: Path) -> None:
    with serving("--workers", "0") as api:
        api.start()
        place = {"active-inference-api": [(f"127.0.0.1:{api.port}", {"pod": "active-inference-api-1"})]}
        with seeing(tmp_path, place) as seen:
            api.wait_until_ready(path="/health")
            wait_until(lambda: seen.prometheus.is_up("active-inference-api"), "the API is scraped")
            killed = time.monotonic()
            api.kill()
            seconds = seen.seconds_until_told("ApiDown", killed)
            print(f"\nthe API was killed: told after {seconds:.1f} s")
            labels = next(one.alert["labels"] for one in seen.heard.told if "ApiDown" in one.alert["labels"].values())
            assert labels == {"alertname": "ApiDown", "severity": "P0", "incident_type": "api_down", "component": "api"}
            assert seen.heard.receivers("ApiDown") == {"incidents"}
