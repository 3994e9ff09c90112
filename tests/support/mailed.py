"""Subscribers of a status page who are really mailed, through a real mail server in this process."""

import contextlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from support.mail_server import MailServer
from support.ports import wait_until
from support.status_site import public_page

from actinf.responder.channels.mail import MailSettings
from actinf.responder.publishing.page import (
    Notice,
    NoticeKind,
    NoticeState,
    NoticeUpdate,
    PublicComponent,
    PublicPage,
    Working,
)
from actinf.responder.subscribing.letters import Letters, Post
from actinf.responder.subscribing.mailing import Mailing, Pace
from actinf.responder.subscribing.subscribers import Bounds, Subscribers

URL = "https://status.example.org"
SENDER = "status@example.org"


def component(key: str, name: str) -> PublicComponent:
    return PublicComponent(key=key, name=name, about="", working=Working.OPERATIONAL, days=(), uptime=None)


COMPONENTS = (component("api", "Inference API"), component("console", "Console"))


def notice(*updates: NoticeUpdate, key: str = "2026-11-27-001", **changed: Any) -> Notice:
    """A notice of an incident of the API."""
    told: dict[str, Any] = {
        "key": key,
        "kind": NoticeKind.INCIDENT,
        "title": "Requests fail",
        "impact": Working.PARTIAL_OUTAGE,
        "components": ("api",),
        "began_at": updates[-1].at,
        "ended_at": None,
        "state": updates[0].state,
        "updates": updates,
    }
    return Notice(**told | changed)


def update(
    number: int = 1,
    text: str = "We are looking into it.",
    *,
    key: str = "2026-11-27-001",
    at: datetime | None = None,
    state: NoticeState = NoticeState.INVESTIGATING,
) -> NoticeUpdate:
    """Something that was said, just now where nothing else is told."""
    return NoticeUpdate(key=f"{key}/{number}", at=at or datetime.now(UTC), state=state, text=text)


def page_with(*notices: Notice) -> PublicPage:
    """A page with an address, on which these are current."""
    return public_page(url=URL, components=COMPONENTS, current=notices)


@dataclass
class Mailed:
    """A page's folder, its subscribers and the mail server."""

    folder: Path
    subscribers: Subscribers
    post: MailServer
    mailing: Mailing | None = None
    outcomes: dict[str, int] | None = None

    def start(self, *, connections: int = 3, a_second: float = 5000.0, seconds: float = 5.0) -> Mailing:
        """Begin to mail, as a process does."""
        self.outcomes = outcomes = {}
        lock = threading.Lock()

        def count(outcome: str, number: int) -> None:
            with lock:
                outcomes[outcome] = outcomes.get(outcome, 0) + number

        url = SecretStr(f"smtp://127.0.0.1:{self.post.port}")
        settings = MailSettings.of(url, sender=SENDER, recipients=())
        self.mailing = Mailing(
            self.folder,
            self.subscribers,
            MailSettings(
                host=settings.host, port=settings.port, sender=SENDER, security=settings.security, seconds=seconds
            ),
            Letters(Post(sender=SENDER, leave_mail="leave@example.org")),
            link=lambda page, notice, update: f"{page.url}/incidents/{notice.key}.html#{update.key}",
            pace=Pace(a_second),
            connections=connections,
            count=count,
        )
        self.mailing.start()
        return self.mailing

    def stop(self) -> None:
        if self.mailing is not None:
            self.mailing.stop()
            self.mailing = None

    def subscribed(self, *addresses: str, components: tuple[str, ...] = ()) -> None:
        """They agreed a minute ago."""
        for address in addresses:
            assert self.subscribers.add(address, components, "a test", datetime.now(UTC) - timedelta(minutes=1))

    def until(self, mails: int) -> list[EmailMessage]:
        """Wait until so many mails arrived, and nothing more is to come; they."""
        wait_until(lambda: len(self.post.mails) >= mails, f"{mails} mails arrive")
        wait_until(lambda: self.subscribers.counts()["unsent"] == 0, "nothing waits any more")
        assert len(self.post.mails) == mails
        return self.post.mails


@contextlib.contextmanager
def mailed(folder: Path, **bounds: int) -> Iterator[Mailed]:
    """A folder with subscribers, and a mail server; nobody mails before `start`."""
    folder.mkdir(exist_ok=True)
    post, subscribers = MailServer(), Subscribers(folder, Bounds(**bounds))
    at_hand = Mailed(folder, subscribers, post)
    try:
        yield at_hand
    finally:
        at_hand.stop()
        subscribers.close()
        post.stop()


def link_in(mail: EmailMessage, path: str, *, at: str = URL) -> str:
    """The token of the link to a path of the page in the plain part of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    found = re.search(rf"{re.escape(at)}/{path}\?token=(\S+)", str(part.get_content()))
    assert found is not None, part.get_content()
    return found[1]
