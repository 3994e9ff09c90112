"""The watchdog: an alert that always fires, and whose silence says that no other alert would come either.

Prometheus sends it through Alertmanager as it would send any alert.  Where none has come for too long, the way of the
alerts is broken, and nobody would hear of a service that is down: that is an alert of its own, which this process gives
itself, and which ends when the watchdog is heard again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from actinf.responder.intake.alert import Alert, Status
from actinf.responder.intake.fingerprint import key_fingerprint
from actinf.responder.store import alerts, notes
from actinf.responder.store.database import Store

__all__ = ["LOOKS_EVERY", "NAME", "Watchdog"]

_LOG = logging.getLogger(__name__)

#: Of the alert that is given.
NAME = "AlertsDoNotArrive"
#: Seconds between two looks at how long it has been silent.
LOOKS_EVERY = 5.0
#: It is given again for as long as the silence lasts, as Alertmanager would: whoever closed its incident hears of it.
_AGAIN = 300.0
_SINCE = "watchdog silent since"


class Watchdog:
    """Listens for one alert.

    Args:
        name: of the alert.
        seconds: of silence that are allowed.
        store: where alerts are given to, and where it is kept that one was.
        clock: the time.
        given: called when an alert was given.
        counted: seconds that have passed, by a clock that nobody sets.
    """

    def __init__(
        self,
        name: str,
        seconds: float,
        store: Store,
        clock: Callable[[], datetime],
        given: Callable[[], None],
        counted: Callable[[], float] = time.monotonic,
    ):
        self._name = name
        self._seconds = seconds
        self._store = store
        self._clock = clock
        self._given = given
        self._counted = counted
        self._guard = threading.Lock()
        with store.reading() as connection:
            kept = notes.get(connection, _SINCE)
        self._since = datetime.fromisoformat(kept) if kept else None
        self._given_at = counted()
        # While this process was away it could not hear anything: it waits anew.
        self._heard_at = counted()
        self._heard = False

    @property
    def is_silent(self) -> bool:
        """Whether it was told that alerts do not arrive."""
        return self._since is not None

    @property
    def seconds_silent(self) -> float:
        """For how long it has not been heard, or, at first, been waited for."""
        return self._counted() - self._heard_at

    def sifted(self, came: Sequence[Alert]) -> Sequence[Alert]:
        """The alerts but for the watchdog, which is none that anybody has to do something about."""
        others = [alert for alert in came if alert.name != self._name]
        if any(alert.is_firing for alert in came if alert.name == self._name):
            with self._guard:
                self._heard_at, self._heard = self._counted(), True
        return others

    def once(self) -> None:
        """Look how long it has been silent, and give the alert, or its end."""
        with self._guard:
            silent, heard = self.seconds_silent, self._heard
        if silent > self._seconds:
            if self._since is None or self._counted() - self._given_at > _AGAIN:
                self._give("firing", since=self._since or self._clock())
        elif self._since is not None and heard:
            self._give("resolved", since=self._since)

    def _give(self, status: Status, *, since: datetime) -> None:
        now = self._clock()
        is_over = status == "resolved"
        with self._store.writing() as connection:
            alerts.accept(connection, [self._alert(status, since, now)], now)
            notes.put(connection, _SINCE, "" if is_over else since.isoformat())
        if is_over:
            _LOG.warning("%s is heard again: alerts arrive", self._name)
        elif self._since is None:
            _LOG.error("%s has not come for %.0f s: alerts do not arrive", self._name, self._seconds)
        self._since, self._given_at = None if is_over else since, self._counted()
        self._given()

    def _alert(self, status: Status, since: datetime, now: datetime) -> Alert:
        return Alert(
            source="watchdog",
            fingerprint=key_fingerprint("watchdog", self._name),
            name=NAME,
            status=status,
            labels={"alertname": NAME, "severity": "P1", "incident_type": "upkeep", "component": "monitoring"},
            annotations={
                "summary": f"{self._name} has not come for {self._seconds:.0f} s: Prometheus or Alertmanager is down "
                "or cut off, and no other alert would reach anybody",
                "runbook_url": "docs/runbooks/upkeep.md",
            },
            starts_at=min(since, now),
            ends_at=max(since, now) if status == "resolved" else None,
            generator_url="",
        )
