"""What a server does by itself, beside what it is asked: look at alerts, page, deliver, audit, anchor, keep time."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from actinf.errors import PublishingError
from actinf.responder.advising.advice import warm
from actinf.responder.announcing import Route
from actinf.responder.channels.neutral import line
from actinf.responder.channels.port import Kind
from actinf.responder.contacts.reminding import Reminding
from actinf.responder.intake.alert import Alert
from actinf.responder.keeping.watched import Outsider
from actinf.responder.parts import Parts
from actinf.responder.server.committer import Committer
from actinf.responder.server.handing_off import HandingOff
from actinf.responder.server.heartbeat import EVERY, Heartbeat
from actinf.responder.server.measures import (
    ALERTS_QUIETED,
    CLOCK_STEP,
    DELIVERIES,
    PAGE_SECONDS,
    PUBLIC_SECONDS,
    STATUS_PAGE_FAILED,
    STATUS_PAGE_WRITTEN_AT,
    UNESCALATED,
)
from actinf.responder.server.outsiders import Outsiders
from actinf.responder.server.page_process import PageProcess
from actinf.responder.server.watchdog import LOOKS_EVERY, Watchdog
from actinf.responder.server.work import Work, Workers

__all__ = ["ChannelSeen", "Machinery"]

_LOG = logging.getLogger(__name__)

#: Alerts that are looked at in one transaction: a webhook waits for at most one of them.
_DIGESTED_AT_ONCE = 100
#: In a storm it is better to look at many at a time: each look costs as much as some alerts.
_REST = 0.2
_LAST_SECONDS = 15.0
_PAGE = "publishing"
#: Seconds until the page is tried again that could not be written.
_PAGE_AGAIN = 5.0


@dataclass(slots=True)
class ChannelSeen:
    """What was seen of a channel since the process began.

    Attributes:
        succeeded_at: when a message last arrived.
        failed: attempts that failed since.
    """

    succeeded_at: datetime | None = None
    failed: int = 0


class Machinery:
    """The threads of a server.

    Args:
        parts: of the responder; this process is the only one that does what is due in its store.
        status_page: the process that serves the status page; None: this responder starts none.
    """

    def __init__(self, parts: Parts, status_page: PageProcess | None = None):
        self._parts = parts
        self.status_page = status_page
        parts.reception.at_once = _DIGESTED_AT_ONCE
        parts.reception.quieted = _count_quieted
        parts.courier.sent, parts.courier.failed = self._sent, self._failed
        self.channels = {route.channel.name: ChannelSeen() for route in parts.courier.routes}
        self.committer = Committer(parts.store, parts.settings.waiting_alerts, lambda: self.workers.wake("pulse"))
        self.outsiders = Outsiders(parts.store, parts.clock)
        self.watchdog = self._made_watchdog()
        self._handing_off = HandingOff(parts.desk, self._wake_couriers)
        self._reminding = Reminding(parts.trying, self._wake_couriers)
        self._step_told = timedelta(0)
        self.page_trouble = ""
        self._page_again_at = 0.0
        parts.writer.shown = lambda waited: PUBLIC_SECONDS.observe(waited.total_seconds())
        self._kept_at = time.monotonic()
        self.workers = Workers(self._works())

    def _made_watchdog(self) -> Watchdog | None:
        settings = self._parts.settings
        if settings.watchdog is None:
            return None
        return Watchdog(
            settings.watchdog,
            settings.watchdog_seconds,
            self._parts.store,
            self._parts.clock,
            lambda: self.workers.wake("pulse"),
        )

    def start(self) -> None:
        """Begin; first what a process that died had under way is taken up."""
        twice = self._parts.courier.begin()
        if twice:
            _LOG.warning("%d messages were under way when the last process ended, and may show twice", twice)
        self.committer.start()
        self.workers.start()

    def stop(self) -> None:
        """Write what waits, and let turns end."""
        self.committer.stop()
        self.workers.stop(_LAST_SECONDS)
        self._parts.keep_clock()

    def sifted(self, came: Sequence[Alert]) -> Sequence[Alert]:
        """Alerts that came but for the watchdog, which says that they do."""
        if self.watchdog is None:
            return came
        others = self.watchdog.sifted(came)
        if len(others) < len(came):
            self.outsiders.heard(Outsider.WATCHDOG)
        return others

    def something_happened(self) -> None:
        """Let what follows from a request be done at once."""
        self.workers.wake("pulse", _PAGE)
        self._wake_couriers()

    def wrong(self) -> list[str]:
        """What stands still."""
        return [*self.workers.standing_still(), *([] if self.committer.is_alive else ["committer"])]

    @property
    def store_written(self) -> float:
        """How many seconds ago the store was written without an error, at the latest."""
        return time.monotonic() - self._kept_at

    def _works(self) -> list[Work]:
        works = [
            Work(name="pulse", turn=self._pulse, every=0.5, rest=_REST, allowed=45.0),
            Work(name="auditor", turn=self._audit, every=60.0, allowed=40.0),
            Work(name="clock", turn=self._keep_clock, every=2.0, allowed=45.0),
            # What keeps the page from being written is told of, and keeps nobody from being paged.
            Work(name=_PAGE, turn=self._publish, every=1.0, rest=_REST, allowed=math.inf),
            Work(name="advice", turn=lambda: warm(self._parts.desk), every=10.0, allowed=80.0),
            Work(name="contacts", turn=self._remind, every=300.0, allowed=90.0),
            Work(name="hand-offs", turn=self._handing_off.once, every=30.0, allowed=60.0),
            *(
                # A message may be under way for as long as its channel's deadline lets it.
                Work(name=_courier(route), turn=self._delivering(route), every=0.5, allowed=90.0)
                for route in self._parts.courier.routes
            ),
        ]
        if self.status_page is not None:
            works.append(Work(name="status page", turn=self.status_page.look, every=1.0, allowed=90.0))
        if self._parts.settings.can_ramp:
            # A turn asks the cluster and monitoring, and sets something: each within its own bounds.
            works.append(Work(name="ramps", turn=self._ramp, every=2.0, rest=0.2, allowed=180.0))
        if self.watchdog is not None:
            every = min(LOOKS_EVERY, self._parts.settings.watchdog_seconds / 4)
            works.append(Work(name="watchdog", turn=self.watchdog.once, every=every, allowed=45.0))
        if self._parts.settings.heartbeat_url is not None:
            heartbeat = Heartbeat(
                self._parts.settings.heartbeat_url, self.wrong, lambda: self.outsiders.heard(Outsider.HEARTBEAT)
            )
            works.append(Work(name="heartbeat", turn=heartbeat.once, every=EVERY, allowed=60.0))
        return works

    def _pulse(self) -> None:
        """Look at what came in, and do what is due: in turn, so that neither keeps the other waiting."""
        more, until = True, time.monotonic() + 5.0
        while more and time.monotonic() < until:
            digested = self._parts.reception.digest()
            waiting = self.committer.count_waiting() if digested else 0
            pulsed = self._parts.pulse.once()
            if digested or pulsed:
                self._wake_couriers()
                self.workers.wake(_PAGE)
            more = pulsed or waiting >= _DIGESTED_AT_ONCE
        if more or waiting:
            self.workers.wake("pulse")

    def _delivering(self, route: Route) -> Callable[[], None]:
        def turn() -> None:
            # One message is a turn: what waits behind it must not look like standing still.
            if self._parts.courier.deliver(route.channel):
                self.workers.wake(_courier(route))

        return turn

    def _ramp(self) -> None:
        if self._parts.driver.once():
            self.something_happened()
            self.workers.wake("ramps")

    def _publish(self) -> None:
        """Write the status page; what is in the way is tried again after a while."""
        if time.monotonic() < self._page_again_at:
            return
        try:
            self._parts.writer.once(keeps_fresh=True)
        except PublishingError as error:
            STATUS_PAGE_FAILED.inc()
            self.page_trouble = str(error)
            self._page_again_at = time.monotonic() + _PAGE_AGAIN
            return
        self.page_trouble = ""
        STATUS_PAGE_WRITTEN_AT.set(self._parts.writer.at)

    def _audit(self) -> None:
        found = self._parts.pulse.audit()
        if found:
            UNESCALATED.inc(len(found))
            self.something_happened()

    def _keep_clock(self) -> None:
        corrected = self._parts.keep_clock()
        self.outsiders.keep()
        self._kept_at = time.monotonic()
        if corrected is not None:
            _LOG.warning("%s, because %s said so: %s", corrected.sentence(), corrected.by, line(corrected.reason))
            self.workers.wake("pulse")
        step = self._parts.clock.step
        CLOCK_STEP.set(step.total_seconds())
        if abs(step - self._step_told) > timedelta(seconds=1):
            _LOG.warning("the wall clock was set, and is %.0f s ahead of the time that counts", step.total_seconds())
            self._step_told = step

    def _remind(self) -> None:
        self._reminding.once()

    def _wake_couriers(self) -> None:
        self.workers.wake(*(_courier(route) for route in self._parts.courier.routes))

    def _sent(self, channel: str, kind: Kind, waited: timedelta) -> None:
        DELIVERIES.labels(channel, "sent").inc()
        if kind in (Kind.PAGE, Kind.ESCALATION):
            PAGE_SECONDS.observe(waited.total_seconds())
        self.channels[channel] = ChannelSeen(succeeded_at=self._parts.clock())

    def _failed(self, channel: str, given_up: bool) -> None:
        DELIVERIES.labels(channel, "given_up" if given_up else "delayed").inc()
        self.channels[channel].failed += 1


def _count_quieted(what: str) -> None:
    ALERTS_QUIETED.labels(what.partition(" ")[0]).inc()


def _courier(route: Route) -> str:
    return f"courier {route.channel.name}"
