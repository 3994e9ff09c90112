"""Subscriptions of a serving process: opened beside the page, which never waits for them, nor falls with them."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from actinf.errors import ActinfError
from actinf.responder.publishing.page import Notice, NoticeUpdate, PublicPage
from actinf.responder.subscribing.mailing import Mailing, Pace
from actinf.responder.subscribing.settings import StatusSettings
from actinf.responder.subscribing.subscribers import FILE, Bounds, Subscribers
from actinf.web.status.measures import MAILS, SUBSCRIBERS
from actinf.web.status.pages import anchor, path_of

__all__ = ["Subscriptions"]

_LOG = logging.getLogger(__name__)

_TRIED_EVERY = 30.0
_MAIL_SECONDS = 30.0


class Subscriptions:
    """Who subscribed, and who mails them; both may be out of reach.

    Args:
        folder: of the page.
        settings: of the process.
    """

    def __init__(self, folder: Path, settings: StatusSettings):
        self._folder = folder
        self._settings = settings
        self._ending = threading.Event()
        self._guard = threading.Lock()
        self._page: PublicPage | None = None
        self._mailing: Mailing | None = None
        self.subscribers: Subscribers | None = None
        self.trouble = ""
        # Links of mails that went out lead here, also where no more do.
        self.wanted = settings.smtp_url is not None or (folder / FILE).exists()
        self._thread = threading.Thread(target=self._run, name="subscriptions", daemon=True)

    def start(self) -> None:
        """Open them; where that fails, again and again."""
        if self.wanted:
            self._open()
            self._thread.start()

    def stop(self) -> None:
        """Let what is being mailed arrive."""
        self._ending.set()
        with self._guard:
            mailing, self._mailing = self._mailing, None
        if mailing is not None:
            mailing.stop()

    def news(self, page: PublicPage | None) -> None:
        """The page is like this now."""
        with self._guard:
            self._page = page
            if page is not None and self._mailing is not None:
                self._mailing.news(page)

    def wake(self) -> None:
        """Somebody waits for a mail."""
        if self._mailing is not None:
            self._mailing.wake()

    @property
    def amiss(self) -> str:
        """What is amiss, in words for everybody; empty: nothing."""
        if self.trouble:
            return "not open"
        return "mails are not taken" if self._mailing is not None and self._mailing.trouble else ""

    def measure(self) -> None:
        """Bring the metrics up to date."""
        try:
            counts = self.subscribers.counts() if self.subscribers is not None else {}
        except ActinfError as error:
            _LOG.warning("%s", error)
            return
        for state, count in counts.items():
            SUBSCRIBERS.labels(state).set(count)

    def _run(self) -> None:
        while not self._ending.wait(_TRIED_EVERY):
            if self.trouble:
                self._open()
            elif self._mailing is None:
                self._tidy()

    def _tidy(self) -> None:
        """Forget who did not say yes in time, where nothing mails that would."""
        try:
            if self.subscribers is not None:
                self.subscribers.tidy(datetime.now(UTC))
        except ActinfError as error:
            _LOG.warning("%s", error)

    def _open(self) -> None:
        try:
            self._open_once()
        except (ActinfError, OSError) as error:
            if not self.trouble:
                _LOG.error("subscriptions are not open: %s; the page is served, and they are tried again", error)
            self.trouble = str(error) or type(error).__name__
        else:
            self.trouble = ""

    def _open_once(self) -> None:
        settings = self._settings
        bounds = Bounds(network=settings.first_mails_per_network, together=settings.first_mails_per_hour)
        subscribers = self.subscribers or Subscribers(self._folder, bounds)
        mailing = self._made_mailing(subscribers)
        with self._guard:
            if self._ending.is_set():
                return
            self.subscribers, self._mailing = subscribers, mailing
            if mailing is not None:
                mailing.start()
                if self._page is not None:
                    mailing.news(self._page)

    def _made_mailing(self, subscribers: Subscribers) -> Mailing | None:
        settings = self._settings
        if settings.smtp_url is None or settings.mail_from is None:
            return None
        from actinf.responder.channels.mail import MailSettings  # what mails need is loaded where they are sent
        from actinf.responder.subscribing.letters import Letters, Post

        server = MailSettings.of(settings.smtp_url, sender=settings.mail_from, recipients=())
        return Mailing(
            self._folder,
            subscribers,
            replace(server, seconds=_MAIL_SECONDS),
            Letters(Post(sender=settings.mail_from, leave_mail=settings.leave_mail)),
            link=_link,
            pace=Pace(settings.mails_per_second),
            connections=settings.mail_connections,
            count=_counted,
        )


def _link(page: PublicPage, notice: Notice, update: NoticeUpdate) -> str:
    return f"{page.url}/{path_of(notice)}#{anchor(update)}"


def _counted(outcome: str, number: int) -> None:
    MAILS.labels(outcome).inc(number)
