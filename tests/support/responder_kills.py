"""Alerts and incidents come in while the responder is killed; afterwards all that was answered is there, and no page or
mail went out twice that does not say so."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from support.mail_server import MailServer
from support.ports import wait_until
from support.responder_process import ResponderProcess, alert, message
from support.responding import schedule_text
from support.webhook_receiver import SECRET, WebhookReceiver

from actinf.responder.store import alerts, escalations, incidents

_DUPLICATE = "Possible duplicate: "


@dataclass
class Outcome:
    """What a campaign found.

    Attributes:
        acknowledged: alerts that were answered with 2xx; opened: incidents that were.
        kills: of the process.
        lost: of both, answered and not there.
        unpaged: incidents, all of which are P1, that nobody was paged for.
        pages, mails: that went out.
        pages_twice: pages that the provider acted on twice.
        mails_twice: mails that came twice; unmarked: those of them that do not say that they may.
        unsent: messages that were put in and neither went out nor were withdrawn.
    """

    acknowledged: int = 0
    opened: int = 0
    kills: int = 0
    lost: list[str] = field(default_factory=list)
    unpaged: list[str] = field(default_factory=list)
    pages: int = 0
    mails: int = 0
    pages_twice: int = 0
    mails_twice: int = 0
    unmarked: int = 0
    unsent: int = 0


class _Writer(threading.Thread):
    """Sends its share of alerts, each until it is answered, and opens an incident now and then."""

    def __init__(self, process: ResponderProcess, number: int, items: int, every: int):
        super().__init__(daemon=True)
        self._process, self._number, self._items, self._every = process, number, items, every
        self.acknowledged: list[str] = []
        self.opened: list[str] = []

    def run(self) -> None:
        with httpx.Client(timeout=20) as client:
            for item in range(self._items):
                name = f"alert-{self._number}-{item}"
                body = message(alert(name, severity="page", component=f"part-{self._number}", root="a kill"))
                while not self._answered(client, "/hooks/alertmanager", content=body):
                    time.sleep(0.05)
                self.acknowledged.append(name)
                if item % self._every == 0:
                    self._open(client, f"part {self._number} {item}")

    def _open(self, client: httpx.Client, component: str) -> None:
        # One that was not answered may be there all the same, as any request may.
        document = {"component": component, "impact": "fails", "severity": "P1"}
        reply = self._answered(client, "/v1/incidents", json=document)
        if reply is not None:
            self.opened.append(reply.json()["id"])

    def _answered(self, client: httpx.Client, path: str, **sent: object) -> httpx.Response | None:
        try:
            reply = client.post(f"{self._process.url}{path}", **sent)  # type: ignore[arg-type]
        except httpx.TransportError:
            return None
        return reply if reply.is_success else None


def run_campaign(folder: Path, *, writers: int, items: int, kills: int, seed: int) -> Outcome:
    """Send alerts from all writers while the process is killed, then look at what is there and what went out."""
    rng, outcome = random.Random(seed), Outcome(kills=kills)
    pager, post = WebhookReceiver(), MailServer()
    process = ResponderProcess(
        folder,
        "--insecure-local",
        PAGER_URL=pager.url,
        PAGER_SECRET=SECRET,
        SMTP_URL=f"smtp://127.0.0.1:{post.port}",
        MAIL_FROM="responder@example.org",
        MAIL_TO="all@example.org",
        LOG_LEVEL="warning",
    )
    process.start()
    try:
        process.set_schedule(schedule_text().replace("email: ada@", "phone: +49 30 1000001, email: ada@"))
        threads = [
            _Writer(process, number, items // writers, max(1, items // writers // 30)) for number in range(writers)
        ]
        for thread in threads:
            thread.start()
        for _ in range(kills):
            time.sleep(rng.uniform(0.05, 1.5))
            process.kill()
            process.start()
        for thread in threads:
            thread.join()
        _look(process, threads, pager, outcome)
        _count(pager, post, outcome)
    finally:
        process.kill()
        pager.stop()
        post.stop()
    return outcome


def _look(process: ResponderProcess, threads: list[_Writer], pager: WebhookReceiver, outcome: Outcome) -> None:
    """Wait until all is looked at and sent, and compare."""
    store = process.store()

    def waiting() -> int:
        with store.reading() as connection:
            unsent = connection.execute("SELECT count(*) FROM outbox WHERE state IN ('waits', 'under way')").fetchone()
            to_page = escalations.due(connection, datetime.now(UTC))
            return alerts.waiting(connection) + int(unsent[0]) + len(to_page)

    wait_until(lambda: waiting() == 0, "all is looked at and sent", seconds=300)
    paged = {document["incident"] for document in pager.acted_on.values()}
    with store.reading() as connection:
        outcome.unpaged = [name for name in incidents.names(connection, incidents.Wanted()) if name not in paged]
        kept = {row[0] for row in connection.execute("SELECT json_extract(alert, '$.name') FROM alert")}
        there = {row["id"] for row in connection.execute("SELECT id FROM incident")}
        outcome.unsent = int(connection.execute("SELECT count(*) FROM outbox WHERE state = 'given up'").fetchone()[0])
    store.close()
    for thread in threads:
        outcome.acknowledged += len(thread.acknowledged)
        outcome.opened += len(thread.opened)
        outcome.lost += [name for name in thread.acknowledged if name not in kept]
        outcome.lost += [name for name in thread.opened if name not in there]


def _count(pager: WebhookReceiver, post: MailServer, outcome: Outcome) -> None:
    outcome.pages = len(pager.acted_on)
    said = Counter(str(document) for document in pager.acted_on.values())
    outcome.pages_twice = sum(count - 1 for count in said.values())
    outcome.mails = len(post.mails)
    # Each copy of a mail is known by its identity; each but one has to say that it may be one.
    by_identity = Counter(mail["Message-ID"] for mail in post.mails)
    marked = Counter(mail["Message-ID"] for mail in post.mails if _DUPLICATE in str(mail["Subject"]))
    outcome.mails_twice = sum(count - 1 for count in by_identity.values())
    outcome.unmarked = sum(max(0, count - 1 - marked[name]) for name, count in by_identity.items())
