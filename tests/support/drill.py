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
from support.mail_server import MailServer
from support.mailed import link_in
from support.monitored import Monitored, monitored_system, wait_until_all_is_scraped
from support.ports import free_port, wait_until
from support.responder_process import ACTINF, ResponderProcess, responder_process
from support.slack_stub import TOKEN as SLACK_TOKEN
from support.slack_stub import SlackStub
from support.webhook_receiver import SECRET, WebhookReceiver

LOAD = "locust -f tests/load/locustfile.py --users=10 --spawn-rate=1 -t 5m --headless"
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
    """What runs: an installation, who watches it, the responder, and who is told by it.

    Attributes:
        watched: the service in its cluster, and its monitoring.
        responder: outside of it.
        slack, pager: played; they keep what they were told.
        post: the mail server of those who subscribed to the status page.
        page: address of the status page.
    """

    watched: Monitored
    responder: ResponderProcess
    slack: SlackStub
    pager: WebhookReceiver
    post: MailServer
    page: str

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

    def published(self) -> dict[str, Any]:
        """What the status page says to programs."""
        document: dict[str, Any] = httpx.get(f"{self.page}/status.json", timeout=10).raise_for_status().json()
        return document

    def subscribe(self, address: str) -> None:
        """Subscribe to the page as a reader does: by its form, and the link that is mailed."""
        headers = {"Origin": self.page}
        with httpx.Client(base_url=self.page, headers=headers, timeout=10) as reader:
            reader.post("/subscribe", data={"address": address}).raise_for_status()
            wait_until(lambda: bool(self.post.mails), "it is asked to confirm")
            token = link_in(self.post.mails[-1], "confirm", at=self.page)
            reader.post("/confirm", data={"token": token}).raise_for_status()

    def mails(self) -> list[str]:
        """The subjects of all mails to subscribers, in order."""
        return [str(one["Subject"]) for one in list(self.post.mails)]

    def calls(self) -> list[tuple[str, str]]:
        """Whom the pager has called about which incident, in order."""
        pages = [one for one in list(self.pager.acted_on.values()) if one.get("kind") in ("page", "escalation")]
        return [(one["to"]["handle"], one["incident"]) for one in pages]


@contextlib.contextmanager
def drill_ground(folder: Path, *, load: str = LOAD) -> Iterator[Drill]:
    """Everything, well and watched, with a schedule, channels, a status page and kubectl.

    Args:
        folder: for all files; an account that is not root must be able to enter it.
        load: the command of the load test on the way back.
    """
    slack, pager, post, at, shown_at = SlackStub(), WebhookReceiver(), MailServer(), free_port(), free_port()
    page = f"http://127.0.0.1:{shown_at}"
    hook = f"http://127.0.0.1:{at}/hooks/alertmanager"
    told = {"incidents": hook, "security": f"{hook}?private=true"}
    with contextlib.ExitStack() as stack:
        stack.callback(slack.stop)
        stack.callback(pager.stop)
        stack.callback(post.stop)
        watched = stack.enter_context(
            monitored_system(folder, told=told, token=HOOK_TOKEN, responder={"enabled": False})
        )
        cluster = watched.system.cluster
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
                KUBECTL=str(cluster.kubectl_program),
                KUBE_NAMESPACE=cluster.namespace,
                RAMP_FOLDER=str(ROOT),
                RAMP_URL=f"http://{cluster.address('active-inference-api')}",
                RAMP_KEY=watched.system.key,
                RAMP_LOAD=load,
                ADVICE="true",
                STATUS_PORT=str(shown_at),
                STATUS_URL=page,
                others={
                    **cluster.environment,
                    "PATH": f"{ACTINF.parent}:{cluster.environment['PATH']}",
                    "ACTINF_STATUS_SMTP_URL": f"smtp://127.0.0.1:{post.port}",
                    "ACTINF_STATUS_MAIL_FROM": "status@example.org",
                },
            )
        )
        responder.set_schedule(SCHEDULE)
        wait_until_all_is_scraped(watched, JOBS)
        yield Drill(watched, responder, slack, pager, post, page)


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
