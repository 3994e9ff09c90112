"""A drill from end to end: the API is killed for real, and the incident is run until its post-mortem is out.

Prometheus and Alertmanager have the rules and the routes that are shipped.  The chat and the pager are played; whoever
is on call is this test, by the commands and the API that a person uses.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.documentation import ROOT
from support.ports import free_port, wait_until
from support.responder_process import ResponderProcess, responder_process
from support.seeing import Alertmanager, Prometheus, prometheus_config, webhook
from support.serving import Serving, serving
from support.slack_stub import TOKEN as SLACK_TOKEN
from support.slack_stub import SlackStub, shown_in
from support.webhook_receiver import SECRET, WebhookReceiver

ACTINF = Path(sys.executable).with_name("actinf")
HOOK_TOKEN = "of-the-alertmanager-of-the-drill"
SCHEDULE = """
zone: UTC
people:
  ada: {name: Ada Lovelace, role: DevOps Engineer, chat_id: U012AB3CD, phone: "+49 30 1234567"}
  grace: {name: Grace Hopper, role: Backend Engineer, chat_id: U0GRACE99, phone: "+49 30 7654321"}
levels:
  - {members: [ada]}
  - {members: [grace]}
"""


class Drill:
    """What runs, and when what happened."""

    def __init__(
        self,
        api: Serving,
        responder: ResponderProcess,
        prometheus: Prometheus,
        slack: SlackStub,
        pager: WebhookReceiver,
    ):
        self.api, self.responder, self.prometheus, self.slack, self.pager = api, responder, prometheus, slack, pager
        self.began = 0.0
        self.marks: list[tuple[float, str]] = []

    def mark(self, what: str) -> None:
        self.marks.append((time.monotonic() - self.began, what))

    def actinf(self, *arguments: str) -> str:
        """A command of the person on call, at the server."""
        environment = {**os.environ, "ACTINF_RESPOND_URL": self.responder.url, "ACTINF_USER": "ada", "NO_COLOR": "1"}
        done = subprocess.run(
            [str(ACTINF), *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        print(f"$ actinf {' '.join(arguments)}\n{done.stdout}")
        return done.stdout

    def incidents(self) -> list[dict[str, Any]]:
        """All that there are."""
        with self.responder.client() as client:
            found: list[dict[str, Any]] = client.get("/v1/incidents", params={"which": "all"}).json()["incidents"]
            return found

    def incident(self, name: str) -> dict[str, Any]:
        """One of them."""
        with self.responder.client() as client:
            document: dict[str, Any] = client.get(f"/v1/incidents/{name}").json()
            return document

    def calls(self, handle: str) -> int:
        """How often the pager has called somebody about an incident."""
        pages = [one for one in self.pager.acted_on.values() if one.get("kind") in ("page", "escalation")]
        return sum(handle in str(one.get("to")) for one in pages)

    def called(self, handle: str) -> bool:
        return self.calls(handle) > 0

    def table(self) -> str:
        rows = [f"| {seconds:.1f} | {what} |" for seconds, what in self.marks]
        return "\n".join(["| s after the kill | what |", "|---:|---|", *rows])


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    slack, pager = SlackStub(), WebhookReceiver()
    with contextlib.ExitStack() as stack:
        stack.callback(slack.stop)
        stack.callback(pager.stop)
        others = stack.enter_context(webhook())
        api = stack.enter_context(serving())
        api.start()
        port = free_port()
        responder = stack.enter_context(
            responder_process(
                tmp_path,
                "--insecure-local",
                SLACK_TOKEN=SLACK_TOKEN,
                SLACK_URL=slack.url,
                PAGER_URL=pager.url,
                PAGER_SECRET=SECRET,
                ALERT_TOKENS=HOOK_TOKEN,
                WATCHDOG="Watchdog",
                PROMETHEUS_URL=f"http://127.0.0.1:{port}",
            )
        )
        responder.set_schedule(SCHEDULE)
        hook = f"{responder.url}/hooks/alertmanager"
        addresses = {
            "incidents": hook,
            "security": f"{hook}?private=true",
            **{name: others.address_of(name) for name in ("watchdog", "elsewhere")},
        }
        alertmanager = Alertmanager(tmp_path / "alertmanager", addresses.__getitem__, token=HOOK_TOKEN)
        targets = {"active-inference-api": [(f"127.0.0.1:{api.port}", {"pod": "active-inference-api-1"})]}
        config = prometheus_config(targets, f"127.0.0.1:{alertmanager.port}")
        prometheus = Prometheus(tmp_path / "prometheus", config, port=port)
        alertmanager.start()
        stack.callback(alertmanager.stop)
        prometheus.start()
        stack.callback(prometheus.stop)
        api.wait_until_ready(path="/health")
        wait_until(lambda: prometheus.is_up("active-inference-api"), "the API is scraped")
        yield Drill(api, responder, prometheus, slack, pager)


def test_a_killed_api_is_an_incident_from_its_alert_to_its_post_mortem(drill: Drill, tmp_path: Path) -> None:
    work = smoke(drill.api.url)  # users, so that there is a normal to come back to
    assert work.returncode == 0, work.stdout
    time.sleep(30)  # what is not well at the beginning is told by now
    already = {one["id"] for one in drill.incidents()}

    drill.began = time.monotonic()
    killed_at = datetime.now(UTC)
    drill.api.kill()
    drill.mark("the API was killed")
    wait_until(lambda: "ApiDown" in drill.prometheus.firing(), "ApiDown fires", seconds=90)
    drill.mark("`ApiDown` fires in Prometheus")
    wait_until(lambda: any(one["id"] not in already for one in drill.incidents()), "an incident opens", seconds=60)
    (name,) = {one["id"] for one in drill.incidents()} - already
    drill.mark(f"incident {name} is open")
    wait_until(lambda: drill.called("ada"), "ada is called", seconds=60)
    drill.mark("the pager has called ada")
    announced = [shown_in(one) for (room, _), one in drill.slack.messages.items() if room == "C000INC"]
    assert any("INCIDENT ALERT" in one and name in one for one in announced), announced
    drill.mark("#incidents has the alert")
    assert drill.slack.room(f"incident-{name}").members == []
    opened = drill.incident(name)
    assert opened["type"] == "api_down"
    assert datetime.fromisoformat(opened["detected_at"]) >= killed_at

    drill.actinf("incident", "ack", name)
    drill.mark("ada has acknowledged")
    drill.actinf(
        "incident", "assess", name, "--severity", "P1", "--component", "active-inference-api",
        "--impact", "no request is answered", "--findings", "the process is gone; nothing in its log",
    )  # fmt: skip
    drill.mark("the assessment is written down")
    drill.actinf("incident", "milestone", name, "root-cause", "the process was killed")
    drill.api.start()
    drill.actinf("incident", "milestone", name, "fix", "started again")
    drill.api.wait_until_ready(path="/health")
    drill.mark("the API answers again")
    drill.actinf("incident", "check", name, "--by-machine")
    wait_until(lambda: "ApiDown" not in drill.prometheus.firing(), "ApiDown has ended", seconds=120)
    wait_until(lambda: checked(drill, name), "the machine finds it stable", seconds=400)
    drill.mark("the machine has found the API stable for five minutes, and says what it cannot tell")
    drill.actinf("incident", "check", name, "users", "--passed", "--found", "told in #incidents")
    drill.actinf("incident", "resolve", name, "--how", "the process was started again")
    drill.mark("resolved")
    wait_until(lambda: any("RESOLVED" in shown_in(one) for one in drill.slack.messages.values()), "it is told")
    drill.mark("the message in #incidents says so")
    drill.actinf("incident", "action", name, "let the service manager start it", "--owner", "ada", "--due", "2w")
    report = drill.actinf("postmortem", name)
    drill.mark("the post-mortem is out")
    for part in ("## Timeline", "## Root Cause", "the process was killed", "- [ ] ", "Owner: @ada"):
        assert part in report, report
    # Nobody was called again after the acknowledgement, and the second level never.
    assert drill.calls("ada") == 1
    assert drill.calls("grace") == 0
    (tmp_path / "post-mortem.md").write_text(report, encoding="utf-8")
    print(drill.table())


def checked(drill: Drill, name: str) -> bool:
    """Whether the machine finds the API stable and at its usual speed; it is asked every ten seconds.

    Neither a proxy nor a cache runs here, so that it cannot tell of all dependencies, and `NginxDown` goes on firing.
    """
    time.sleep(10)
    httpx.get(f"{drill.api.url}/v1/agents", timeout=10)
    drill.actinf("incident", "check", name, "--by-machine")
    found = {one["item"]: one for one in drill.incident(name)["checklist"]}
    alerts = set(found["alerts"]["found"].removeprefix("these fire: ").split(", "))
    return found["stable"]["passed"] is True and "ApiDown" not in alerts


def smoke(url: str) -> "subprocess.CompletedProcess[str]":
    program = ROOT / "tests" / "smoke" / "test_basic_functionality.py"
    environment = {**os.environ, "ACTINF_URL": url}
    return subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
