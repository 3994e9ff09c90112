"""Mailing the subscribers what the page says: each update once to each of them, also when this process is killed."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from actinf.errors import ChannelTrouble, StoreError
from actinf.responder.channels.mail import MailSettings
from actinf.responder.publishing.page import PublicPage
from actinf.responder.subscribing.journal import Journal
from actinf.responder.subscribing.letters import Letters
from actinf.responder.subscribing.mails import MOST_NOT_TAKEN, Link, Mails, Outcome, Waiting
from actinf.responder.subscribing.postman import Postman
from actinf.responder.subscribing.refusals import Became, Refusal, Refusals, Whose
from actinf.responder.subscribing.subscribers import Subscribers

__all__ = ["Mailing", "Pace"]

_LOG = logging.getLogger(__name__)

_TAKEN_AT_ONCE = 200
_LOOKS_EVERY = 2.0
_SETTLES_EVERY = 0.2
_TIDIES_EVERY = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 120.0
_HANGS_UP_AFTER = 10.0
_LAST_SECONDS = 15.0


class Pace:
    """How fast mails go out: no more than so many a second, and none while the server has trouble.

    Args:
        a_second: mails.
    """

    def __init__(self, a_second: float):
        self._between = 1.0 / a_second
        self._guard = threading.Lock()
        self._next = 0.0
        self._pause = _FIRST_PAUSE

    def turn(self, ending: threading.Event) -> bool:
        """Wait until the next mail may go out; whether it may, or all is ending."""
        with self._guard:
            at = max(time.monotonic(), self._next)
            self._next = at + self._between
        return not ending.wait(max(0.0, at - time.monotonic()))

    def trouble(self) -> float:
        """The server has trouble: the seconds that are waited for, longer each time."""
        with self._guard:
            pause = self._pause
            if self._next < time.monotonic() + pause / 2:  # the others of the same moment say the same
                self._next = time.monotonic() + pause
                self._pause = min(_LONGEST_PAUSE, 2 * pause)
            return pause

    def well(self) -> None:
        """A mail was taken."""
        self._pause = _FIRST_PAUSE


class Mailing:
    """The threads that mail.

    Args:
        folder: of the page.
        subscribers: whom to.
        settings: through which server.
        letters: what is written.
        link: says where an update stands on the page.
        pace: how fast.
        connections: to the server, at once.
        count: is told of what became of mails, and of how many.
        now: the time.

    Raises:
        OSError: the journal cannot be written.
        StoreError: the subscribers' file cannot.
    """

    def __init__(
        self,
        folder: Path,
        subscribers: Subscribers,
        settings: MailSettings,
        letters: Letters,
        *,
        link: Link,
        pace: Pace,
        connections: int,
        count: Callable[[str, int], None] = lambda outcome, number: None,  # noqa: ARG005
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self._subscribers = subscribers
        self._mails = Mails(subscribers)
        self._settings = settings
        self._letters = letters
        self._link = link
        self._pace = pace
        self._now = now
        self._journal = Journal(folder)
        # Handed over by a process that was killed before it could write that down.
        left = self._journal.left()
        self._mails.settle([(number, Outcome.SENT) for number in left], now())
        self._journal.clear()
        self._guard = threading.Condition()
        self._page: PublicPage | None = None
        self._news: PublicPage | None = None
        self._ready: deque[Waiting] = deque()
        self._under_way: set[int] = set()
        self._became: list[Became] = []
        self._outcomes: list[tuple[int, Outcome]] = []
        self._refusals = Refusals()
        self._ending = threading.Event()
        self._looked_at = self._tidied_at = -_TIDIES_EVERY
        self._count = count
        self.trouble = ""
        tls = ssl.create_default_context(cafile=settings.ca_file)
        self._senders = [
            threading.Thread(
                target=self._send, args=(Postman(settings, tls, self._journal),), name=f"sender {n}", daemon=True
            )
            for n in range(connections)
        ]
        self._clerk = threading.Thread(target=self._keep, name="mailing", daemon=True)

    def start(self) -> None:
        """Begin."""
        for thread in (self._clerk, *self._senders):
            thread.start()

    def stop(self) -> None:
        """Let mails that are being handed over arrive, and write down what became of them."""
        self._ending.set()
        with self._guard:
            self._guard.notify_all()
        until = time.monotonic() + _LAST_SECONDS
        for thread in (*self._senders, self._clerk):
            thread.join(max(0.0, until - time.monotonic()))

    def news(self, page: PublicPage) -> None:
        """The page is like this now."""
        with self._guard:
            self._page = self._news = page
            self._guard.notify_all()

    def wake(self) -> None:
        """Somebody waits for a mail that was put in just now."""
        with self._guard:
            self._looked_at = -_LOOKS_EVERY
            self._guard.notify_all()

    # ---------------------------------------------------------------------------------------------------- the clerk

    def _keep(self) -> None:
        """Put mails in, write down what became of them, and lay the next ones out; the only thread that writes."""
        while not self._ending.is_set():
            try:
                self._turn()
            except StoreError as error:
                self._tell(str(error))
                self._ending.wait(1.0)
            except Exception:  # noqa: BLE001 -- the edge of a thread: it goes on
                _LOG.exception("mailing failed; it is tried again")
                self._ending.wait(1.0)
        for thread in self._senders:
            thread.join(_LAST_SECONDS)
        try:
            self._settle()
        except StoreError as error:
            _LOG.error("%s; the journal knows what was sent", error)

    def _turn(self) -> None:
        with self._guard:
            self._guard.wait_for(self._something_to_do, _SETTLES_EVERY if self._under_way else _LOOKS_EVERY)
            news, self._news = self._news, None
        try:
            if news is not None:
                self._put_in(news)
            self._settle()
        except StoreError:
            with self._guard:
                self._news = self._news or news
            raise
        if time.monotonic() - self._tidied_at > _TIDIES_EVERY:
            self._tidied_at = time.monotonic()
            self._subscribers.tidy(self._now())
            given_up = self._mails.give_up(self._now())
            if given_up:
                self._count("given up", given_up)
        self._lay_out()

    def _something_to_do(self) -> bool:
        return (
            self._ending.is_set()
            or self._news is not None
            or len(self._became) >= _TAKEN_AT_ONCE // 2
            or (not self._ready and self._is_time())
        )

    def _is_time(self) -> bool:
        return time.monotonic() - self._looked_at > _LOOKS_EVERY

    def _put_in(self, page: PublicPage) -> None:
        if page.url is None:
            return
        count = self._mails.put_in(page, self._link, self._now())
        if count:
            _LOG.info("%d mails are put in", count)
            self._looked_at = -_LOOKS_EVERY

    def _settle(self) -> None:
        with self._guard:
            became, self._became = self._became, []
        self._outcomes += self._refusals.sifted(became)
        if self._refusals.refuses_us and any(isinstance(one.what, Refusal) for one in became):
            self._hold()
        if became:
            # There may be room for others, and another mail to the same person may have waited for this one.
            self._looked_at = -_LOOKS_EVERY
        outcomes = self._outcomes
        if not outcomes:
            return
        self._mails.settle(outcomes, self._now())
        self._outcomes = []
        for number, outcome in outcomes:
            self._journal.forget(number)
            self._count(outcome.value, 1)
        with self._guard:
            self._under_way -= {number for number, _ in outcomes}

    def _hold(self) -> None:
        """The server takes no mail from us: nobody is paused for it, and it is asked again later."""
        pause = self._pace.trouble()
        self._tell(
            f"the mail server {self._settings.host}:{self._settings.port} refuses all alike, so that it is us whom it "
            f"refuses: {self._refusals.refuses_us}; mails wait, and it is tried again in {pause:.0f} s"
        )

    def _lay_out(self) -> None:
        if self._ready or not self._is_time():
            return
        found = self._mails.take(_TAKEN_AT_ONCE, self._under_way, self._now())
        with self._guard:
            self._ready.extend(found)
            self._under_way |= {one.number for one in found}
            if not found:
                self._looked_at = time.monotonic()
            is_all = not found and self._under_way == self._refusals.numbers
            self._guard.notify_all()
        if is_all:
            self._outcomes += self._refusals.rest()

    # --------------------------------------------------------------------------------------------------- the senders

    def _send(self, postman: Postman) -> None:
        """Hand over mail after mail."""
        while not self._ending.is_set():
            with self._guard:
                if not self._guard.wait_for(lambda: self._ready or self._ending.is_set(), _HANGS_UP_AFTER):
                    mail = None
                else:
                    mail = self._ready.popleft() if self._ready and not self._ending.is_set() else None
            if mail is None:
                postman.part()
                continue
            what: Outcome | Refusal = Outcome.UNTRIED
            try:
                if self._pace.turn(self._ending):
                    what = self._handed_over(postman, mail)
            except Exception:  # noqa: BLE001 -- the edge of a thread: the next mail may be better
                _LOG.exception("a mail could not be written; it is tried again later")
                what = Outcome.LATER
            with self._guard:
                self._became.append(Became(mail=mail, what=what))
                self._guard.notify_all()
        postman.part()

    def _handed_over(self, postman: Postman, mail: Waiting) -> Outcome | Refusal:
        letter = self._letter(mail)
        if letter is None:
            return Outcome.LATER
        try:
            what = postman.hand_over(mail.number, mail.address, letter)
        except ChannelTrouble as error:
            pause = self._pace.trouble()
            self._tell(f"{error}; it is tried again in {pause:.0f} s")
            if not error.may_have_arrived:
                return Outcome.UNTRIED
            self._journal.forget(mail.number)
            return Outcome.LATER
        if what is Outcome.SENT:
            self._pace.well()
            self._tell("")
        elif isinstance(what, Refusal) and what.whose is Whose.MAIL:
            self._tell(
                f"the mail server {self._settings.host}:{self._settings.port} refuses what is mailed, or who mails it: "
                f"{what.words}; each mail is tried {MOST_NOT_TAKEN} times, and then it is lost"
            )
        return what

    def _letter(self, mail: Waiting) -> bytes | None:
        """What a mail says; None: the page does not say where it is."""
        page = self._page
        if mail.asking is not None:
            if page is None or page.url is None:
                return None
            identity, asked_at = mail.asking
            link = f"{page.url}/confirm?token={self._subscribers.confirming(identity, asked_at)}"
            return self._letters.asks_back(mail.address, identity, page.name, link, self._now())
        if mail.content is None or mail.subscriber is None or mail.update is None:
            raise ValueError(f"the mail {mail.number} is for nobody")
        leave = f"{mail.content.home}/leave?token={self._subscribers.leaving(mail.subscriber)}"
        return self._letters.tells(mail.address, mail.subscriber, mail.update, mail.content, leave, self._now())

    def _tell(self, trouble: str) -> None:
        if trouble and not self.trouble:
            _LOG.warning("%s", trouble)
        elif self.trouble and not trouble:
            _LOG.info("mails are taken again")
        self.trouble = trouble
