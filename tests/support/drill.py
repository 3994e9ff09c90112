"""The ground of a drill: a service to be broken, its monitoring as it is shipped, and a responder with channels.

The chat and the pager are played; whoever is on call acts by the commands and the API that a person uses.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from support.again import again_and_again
from support.installation import Installation, installed
from support.ports import free_port
from support.responder_process import ResponderProcess, responder_process
from support.seeing import Alertmanager, Prometheus, prometheus_config, webhook
from support.slack_stub import TOKEN as SLACK_TOKEN
from support.slack_stub import SlackStub
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


@dataclass(frozen=True)
class Drill:
    """What runs: an installation, who watches it, the responder, and who is told by it."""

    running: Installation
    responder: ResponderProcess
    prometheus: Prometheus
    slack: SlackStub
    pager: WebhookReceiver

    def actinf(self, *arguments: str) -> str:
        """A command of the person on call, at the server."""
        environment = {**os.environ, "ACTINF_RESPOND_URL": self.responder.url, "ACTINF_USER": "ada", "NO_COLOR": "1"}
        done = subprocess.run(
            [str(ACTINF), *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        print(f"$ actinf {' '.join(arguments)}\n{done.stdout}")
        return done.stdout

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Have a user who steps an agent once a second, by way of nginx, whatever becomes of it."""
        body = {"model": "tmaze", "planner": {"exhaustive": {"horizon": 2}}}
        with httpx.Client(base_url=self.running.url, timeout=10) as user:
            agent = user.post("/v1/agents", json=body).raise_for_status().json()["id"]
            with again_and_again(
                lambda: user.post(f"/v1/agents/{agent}/steps", json={"observation": {}}), threads=1, pause=1.0
            ):
                yield

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

    def calls(self) -> list[tuple[str, str]]:
        """Whom the pager has called about which incident, in order."""
        pages = [one for one in list(self.pager.acted_on.values()) if one.get("kind") in ("page", "escalation")]
        return [(one["to"]["handle"], one["incident"]) for one in pages]


@contextlib.contextmanager
def drill_ground(folder: Path) -> Iterator[Drill]:
    """Everything, well and watched, with a schedule and channels; the files are below a folder."""
    slack, pager = SlackStub(), WebhookReceiver()
    with contextlib.ExitStack() as stack:
        stack.callback(slack.stop)
        stack.callback(pager.stop)
        running = stack.enter_context(installed(folder, workers=1))
        port, at = free_port(), free_port()
        responder = stack.enter_context(
            responder_process(
                folder,
                "--insecure-local",
                "--port",
                str(at),
                PUBLIC_URL=f"http://127.0.0.1:{at}",
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
        outside = stack.enter_context(webhook())
        addresses = {
            "incidents": hook,
            "security": f"{hook}?private=true",
            "watchdog": outside.address_of("watchdog"),
            "elsewhere": outside.address_of("elsewhere"),
        }
        alertmanager = Alertmanager(folder / "alertmanager", addresses.__getitem__, token=HOOK_TOKEN)
        config = prometheus_config(running.targets, f"127.0.0.1:{alertmanager.port}")
        prometheus = Prometheus(folder / "prometheus", config, port=port)
        alertmanager.start()
        stack.callback(alertmanager.stop)
        prometheus.start()
        stack.callback(prometheus.stop)
        running.wait_until_scraped(prometheus)
        yield Drill(running, responder, prometheus, slack, pager)
