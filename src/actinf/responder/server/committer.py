"""Takes what webhooks bring to the disk: all that came meanwhile in one transaction, and so with one wait for the disk.

A webhook is answered when its transaction is on the disk.  What is waiting to be looked at is bounded: beyond that
webhooks are refused, and their senders, which keep what they have to tell, send it again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from actinf.errors import RateLimited, ServiceUnavailable, StoreError
from actinf.responder.intake.alert import Alert
from actinf.responder.intake.authentic import REPLAY_WINDOW
from actinf.responder.intake.changes import Change
from actinf.responder.server.measures import ALERTS_WAITING
from actinf.responder.store import alerts, changes, signatures
from actinf.responder.store.database import Store

__all__ = ["Committer", "Given"]

_LOG = logging.getLogger(__name__)

#: Alerts that are written in one transaction, so that none takes long.
_AT_ONCE = 1_000
_KEPT = 2 * REPLAY_WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one webhook brought.

    Attributes:
        alerts, changes: what it holds.
        signature: by which it is known when it comes again; None: it is none that is taken once.
        received_at: when it came.
    """

    alerts: Sequence[Alert] = ()
    changes: Sequence[Change] = ()
    signature: str | None = None
    received_at: datetime

    @property
    def size(self) -> int:
        """How many entries it has, at least one."""
        return len(self.alerts) + len(self.changes) or 1


@dataclass(slots=True)
class _Waiting:
    given: Given
    loop: asyncio.AbstractEventLoop
    taken: asyncio.Future[bool]


class Committer:
    """One thread that writes.

    Args:
        store: where to.
        most: entries that may wait to be written or looked at.
        came: called when something new is on the disk.
    """

    def __init__(self, store: Store, most: int, came: Callable[[], None]):
        self._store = store
        self._most = most
        self._came = came
        self._queue: list[_Waiting] = []
        self._queued = 0
        self._in_store = 0
        self._something = threading.Condition()
        self._ending = False
        self._thread: threading.Thread | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        with self._store.reading() as connection:
            self._in_store = alerts.waiting(connection)
        self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        with self._something:
            self._ending = True
            self._something.notify()
        if self._thread is not None:
            self._thread.join()

    def count_waiting(self) -> int:
        """Count what waits to be looked at; a digest has made it less."""
        with self._store.reading() as connection:
            self._in_store = alerts.waiting(connection)
        ALERTS_WAITING.set(self._in_store)
        return self._in_store

    async def take(self, given: Given) -> bool:
        """Take what a webhook brought; it is on the disk when this returns.

        Returns:
            Whether it was new; a message that was signed and taken before is not taken again.

        Raises:
            RateLimited: too much waits already.
            StoreError: the store cannot be written.
        """
        with self._something:
            waiting = self._in_store + self._queued
            if waiting + given.size > self._most:
                raise RateLimited(
                    f"{waiting:,} alerts wait to be looked at, and at most {self._most:,} may: send it again later",
                    retry_after=5.0,
                )
            if self._ending:
                raise ServiceUnavailable("the responder is ending: send it again, to the next one")
            if not self.is_alive:
                self._begin()
            loop = asyncio.get_running_loop()
            one = _Waiting(given, loop, loop.create_future())
            self._queue.append(one)
            self._queued += given.size
            self._something.notify()
        return await one.taken

    def _run(self) -> None:
        while True:
            with self._something:
                while not self._queue and not self._ending:
                    self._something.wait()
                if not self._queue:
                    return
                batch = self._next_batch()
            self._write(batch)

    def _next_batch(self) -> list[_Waiting]:
        size = count = 0
        while count < len(self._queue) and (count == 0 or size + self._queue[count].given.size <= _AT_ONCE):
            size += self._queue[count].given.size
            count += 1
        batch, self._queue = self._queue[:count], self._queue[count:]
        return batch

    def _write(self, batch: list[_Waiting]) -> None:
        ends: list[bool | Exception]
        try:
            ends = list(self._committed([one.given for one in batch]))
        except StoreError as error:
            ends = [error] * len(batch)
        except Exception as error:  # noqa: BLE001 -- the edge of a thread: it goes on
            _LOG.exception("a transaction of the intake failed")
            if len(batch) > 1:  # one of them is to blame: the others must not go with it
                for one in batch:
                    self._write([one])
                return
            ends = [error]
        with self._something:
            self._queued -= sum(one.given.size for one in batch)
        for one, end in zip(batch, ends):
            one.loop.call_soon_threadsafe(_settle, one.taken, end)
        self._came()

    def _committed(self, batch: Sequence[Given]) -> list[bool]:
        fresh = []
        with self._store.writing() as connection:
            signatures.forget(connection, min(one.received_at for one in batch))
            for one in batch:
                until = one.received_at + _KEPT
                is_new = one.signature is None or signatures.keep(connection, one.signature, until)
                if is_new:
                    alerts.accept(connection, one.alerts, one.received_at)
                    for change in one.changes:
                        changes.keep(connection, change)
                fresh.append(is_new)
            waiting = alerts.waiting(connection)
        self._in_store = waiting
        ALERTS_WAITING.set(waiting)
        return fresh


def _settle(future: asyncio.Future[bool], end: bool | Exception) -> None:
    if future.done():  # whoever asked has gone
        return
    if isinstance(end, Exception):
        future.set_exception(end)
    else:
        future.set_result(end)
