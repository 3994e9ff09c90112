"""The ground of a drill: a service to be broken, its monitoring as it is shipped, and a responder with channels.

The chart runs in the stand-in for Kubernetes, with Prometheus and Alertmanager beside it; the responder runs outside of
it, as it should.  The chat and the pager are played, and subscribers of the status page have a mailbox; whoever is on
call acts by the commands and the API that a person uses.
"""

import contextlib
import os
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from support.again import again_and_again
from support.documentation import ROOT
from support.monitored import Monitored, monitored_system, wait_until_all_is_scraped
from support.ports import free_port
from support.responder_process import ACTINF, ResponderProcess, responder_process
from support.slack_stub import TOKEN as SLACK_TOKEN
from support.slack_stub import SlackStub
from support.webhook_receiver import SECRET, WebhookReceiver

HOOK_TOKEN = "of-the-alertmanager-of-the-drill"
PUBLIC = "api.active-inference.com"
JOBS = {"active-inference-api", "active-inference-worker", "postgres", "cache", "nginx", "kube-state-metrics"}
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

    watched: Monitored
    responder: ResponderProcess
    slack: SlackStub
    pager: WebhookReceiver

    @property
    def environment(self) -> dict[str, str]:
        """Of whoever is on call: their name, the server, and kubectl."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "ACTINF_RESPOND"))}
        mine = {"ACTINF_RESPOND_URL": self.responder.url, "ACTINF_USER": "ada", "NO_COLOR": "1"}
        return {**kept, **self.watched.system.cluster.environment, **mine}

    def actinf(self, *arguments: str) -> str:
        """A command of the person on call, at the server."""
        done = subprocess.run(
            [str(ACTINF), *arguments], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        print(f"$ actinf {' '.join(arguments)}\n{done.stdout}")
        return done.stdout

    def kubectl(self, *arguments: str) -> str:
        """A line of kubectl that the person on call types."""
        said = self.watched.system.cluster.kubectl(*arguments)
        print(f"$ kubectl {' '.join(arguments)}\n{said}")
        return said

    def user(self) -> httpx.Client:
        """Somebody who uses the service, by the name that is public, with a key; close it."""
        system = self.watched.system
        return httpx.Client(
            base_url=f"https://{system.cluster.address('nginx', 'https')}",
            headers={"Host": PUBLIC, "Authorization": f"Bearer {system.key}"},
            verify=ssl.create_default_context(cafile=system.authority),
            timeout=10,
        )

    def answers(self) -> bool:
        """Whether the service says to its users that it is well."""
        with self.user() as user, contextlib.suppress(httpx.TransportError):
            return user.get("/health", extensions={"sni_hostname": PUBLIC}).status_code == 200
        return False

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Have a user who steps an agent once a second, whatever becomes of it."""
        body = {"model": "tmaze", "planner": {"exhaustive": {"horizon": 2}}}
        by_name = {"extensions": {"sni_hostname": PUBLIC}}
        with self.user() as user:
            agent = user.post("/v1/agents", json=body, **by_name).raise_for_status().json()["id"]
            with again_and_again(
                lambda: user.post(f"/v1/agents/{agent}/steps", json={"observation": {}}, **by_name),
                threads=1,
                pause=1.0,
            ):
                yield

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        found = self.watched.ask("query", query='ALERTS{alertstate="firing"}')["result"]
        return {one["metric"]["alertname"] for one in found}

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
    """Everything, well and watched, with a schedule and channels.

    Args:
        folder: for all files; an account that is not root must be able to enter it.
    """
    slack, pager, at = SlackStub(), WebhookReceiver(), free_port()
    hook = f"http://127.0.0.1:{at}/hooks/alertmanager"
    told = {"incidents": hook, "security": f"{hook}?private=true"}
    with contextlib.ExitStack() as stack:
        stack.callback(slack.stop)
        stack.callback(pager.stop)
        watched = stack.enter_context(
            monitored_system(folder, told=told, token=HOOK_TOKEN, responder={"enabled": False})
        )
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
                PROMETHEUS_URL=watched.prometheus,
            )
        )
        responder.set_schedule(SCHEDULE)
        wait_until_all_is_scraped(watched, JOBS)
        yield Drill(watched, responder, slack, pager)


def smoke(drill: Drill) -> "subprocess.CompletedProcess[str]":
    """The smoke test, as somebody types it."""
    system = drill.watched.system
    program = f"{ACTINF.parent}/python tests/smoke/test_basic_functionality.py"
    environment = {
        "HOME": str(system.home),
        "ACTINF_URL": f"https://{PUBLIC}",
        "ACTINF_KEY": system.key,
        "SSL_CERT_FILE": str(system.authority),
    }
    return system.cluster.shell(program, cwd=ROOT, environment=environment)
