"""The monitoring as it is shipped: every pod is found, and every panel has numbers after ten minutes of smoke load.

The service is the chart, the monitoring `kubectl apply -k deploy`, the load the smoke test over and over and
`tests/load/locustfile.py` beside it.  Every expression has to have numbers then, at a moment and over time, or a reason
why it has none.
"""

import contextlib
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.dashboards import boards, expressions, variables
from support.documentation import ROOT
from support.monitored import Monitored, monitored_system, wait_until_all_is_scraped
from support.operated import Operated
from support.ports import wait_until
from support.postgres import folder_for_servers
from support.seeing import DEPLOY, read

SECONDS_OF_LOAD = 600
STEP = 15  # seconds between the points of a panel that shows an hour on a screen
URL = "https://api.active-inference.com"

#: What has no numbers after ten minutes of a service that is well, by a part of the expression, and why.
WITHOUT = {
    "ALERTS{": "alerts that fire: there are none while all is well",
    "trivy_image_vulnerabilities": "Trivy's operator is somebody else's, and not installed",
    'reason="OOMKilled"': "no container was ended for want of memory",
}

FIRING = 'ALERTS{alertstate="firing"}'
#: Alerts that tell of a machine that is busy with something else.
SLOW = ("LatencyBudget", "ApiTimeouts")


@pytest.fixture(scope="module")
def monitored() -> Iterator[Monitored]:
    with folder_for_servers() as folder, monitored_system(folder) as running:
        jobs = {job["job_name"] for job in read(DEPLOY / "prometheus" / "prometheus.yml")["scrape_configs"]}
        wait_until_all_is_scraped(running, jobs)
        yield running


#: The label `app` of pods, which is the job's name, and the port at which they are asked.
ASKED_AT = {
    "active-inference-api": 8000,
    "active-inference-worker": 9100,
    "postgres": 8080,
    "cache": 8080,
    "nginx": 9113,
    "actinf-responder": 8070,
}


def test_every_pod_is_found_once_also_one_that_comes_later(monitored: Monitored) -> None:
    """The configuration as it is shipped, with the rights that the manifests give."""
    cluster = monitored.system.cluster

    def wanted(job: str) -> set[str]:
        pods = cluster.get("pods", "-l", f"app={job}")["items"]
        return {f"http://{pod['status']['podIP']}:{ASKED_AT[job]}/metrics" for pod in pods}

    for job in ASKED_AT:
        assert set(monitored.targets()[job]) == wanted(job)
    cluster.kubectl("delete", "pod", cluster.pods("app=active-inference-api")[0])
    cluster.kubectl("rollout", "status", "deployment/active-inference-api", "--timeout=60s")
    wait_until(
        lambda: monitored.targets()["active-inference-api"] == dict.fromkeys(wanted("active-inference-api"), "up"),
        "the new pod is scraped and the old one forgotten",
        seconds=60,
    )


@dataclass(frozen=True)
class Answer:
    """What Prometheus answers to one expression: how many series have a number now, and how many had one."""

    board: str
    panel: str
    expression: str
    now: int
    meanwhile: int

    @property
    def why_not(self) -> str | None:
        """Why it may be without numbers."""
        return next((why for part, why in WITHOUT.items() if part in self.expression), None)


def test_every_panel_has_numbers_after_ten_minutes_of_smoke_load(monitored: Monitored, tmp_path: Path) -> None:
    back_up(monitored.system)
    begun = time.time()
    with load(monitored.system, tmp_path):
        time.sleep(SECONDS_OF_LOAD)
        ended = time.time()
        answers = [
            answer(monitored, uid, title, expression, begun, ended)
            for uid, board in boards().items()
            for pod in every_pod_and_one(monitored, board)
            for title, expression in expressions(board, pod=pod)
        ]
        firing = {one["metric"]["alertname"] for one in monitored.ask("query", query=FIRING)["result"]}
    empty = [one for one in answers if not (one.now and one.meanwhile)]
    print(f"\n{len(answers)} expressions, {len(answers) - len(empty)} with numbers; targets: {monitored.targets()}")
    for one in empty:
        print(f"{one.board}: {one.panel}: {one.expression}: {one.now} now, {one.meanwhile} over time: {one.why_not}")
    assert [one for one in empty if one.why_not is None] == []
    print(f"what fires: {firing}")
    assert {name for name in firing if not name.startswith(SLOW)} == {"Watchdog"}, (
        "a service that is well alerts nobody"
    )
    assert monitored.heard.receivers("Watchdog") == {"watchdog", "incidents"}


def every_pod_and_one(monitored: Monitored, board: dict[str, Any]) -> list[str]:
    """What people choose of a dashboard's variable: everything, and one of what it offers."""
    if not variables(board):
        return [".*"]
    [(metric, label)] = variables(board).values()
    offered = monitored.ask(f"label/{label}/values", **{"match[]": metric})
    assert "postgres-0" in offered, "the variable offers the pods of the service"
    return [".*", "postgres-0"]


def answer(monitored: Monitored, uid: str, title: str, expression: str, begun: float, ended: float) -> Answer:
    """Ask it as Grafana does."""
    now = monitored.ask("query", query=expression, time=ended)
    series = now["result"] if now["resultType"] == "vector" else [{"value": now["result"]}]
    over_time = monitored.ask("query_range", query=expression, start=begun, end=ended, step=STEP)["result"]
    return Answer(
        uid,
        title,
        expression,
        sum(is_number(one["value"]) for one in series),
        sum(any(map(is_number, one["values"])) for one in over_time),
    )


def is_number(sample: list[Any]) -> bool:
    """Whether a sample, of a time and a text, is one."""
    return not math.isnan(float(sample[1]))


def back_up(system: Operated) -> None:
    """What the nightly job does."""
    system.cluster.kubectl("create", "job", "--from=cronjob/postgres-backup", "postgres-backup-now")
    system.cluster.wait("condition=complete", "job/postgres-backup-now", seconds=90)


@contextlib.contextmanager
def load(system: Operated, folder: Path) -> Iterator[None]:
    """The smoke test and a refused key every few seconds, and the load test beside them, through nginx."""
    python = Path(sys.executable).parent
    smoke = f"{python}/python tests/smoke/test_basic_functionality.py"
    refused = f"curl -sS -o /dev/null -H 'Authorization: Bearer ai_none' {URL}/v1/agents"
    both = f"{python}/locust -f tests/load/locustfile.py --users=4 --spawn-rate=1 -t {SECONDS_OF_LOAD + 60}s &\n"
    both += f"while true; do {smoke} || echo the smoke test failed; {refused}; sleep 5; done"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "ACTINF_"))},
        "HOME": str(system.home),
        "ACTINF_URL": URL,
        "ACTINF_KEY": system.key,
        "SSL_CERT_FILE": str(system.authority),
    }
    log = folder / "load.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            # With its own processes' ids: what ends the shell ends all that it started.
            ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *system.cluster.shell_command(both)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
    finally:
        process.kill()
        process.wait()
    assert "the smoke test failed" not in log.read_text(errors="replace"), log.read_text(errors="replace")[-3000:]
