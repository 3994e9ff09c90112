"""Background work: each piece in a thread of its own, turn after turn, watched by whoever wants to know it is alive."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actinf.responder.server.measures import WORK_FAILED, WORK_RESTARTED

__all__ = ["Work", "Workers"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A piece of work.

    Attributes:
        name: of it.
        turn: does it once.
        every: seconds between two turns, where nothing wakes it.
        rest: seconds between two turns at least, whatever wakes it.
        allowed: seconds after a turn was due in which none succeeded until it stands still; what is seldom due
            does not stand still between its turns.
    """

    name: str
    turn: Callable[[], None]
    every: float
    allowed: float
    rest: float = 0.0


class _Worker:
    """The thread of one piece of work."""

    def __init__(self, work: Work):
        self.work = work
        self.succeeded = time.monotonic()
        self._wake = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None

    @property
    def is_alive(self) -> bool:
        """Whether its thread lives."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def stands_still(self) -> bool:
        """Whether it has not got on for too long."""
        return time.monotonic() - self.succeeded > self.work.every + self.work.allowed

    def start(self) -> None:
        """Begin, or begin anew."""
        self._thread = threading.Thread(target=self._run, name=self.work.name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Let the next turn come at once."""
        self._wake.set()

    def end(self) -> None:
        """Let this turn be the last."""
        self._ending = True
        self._wake.set()

    def join(self, seconds: float) -> None:
        """Wait for its end."""
        if self._thread is not None:
            self._thread.join(max(0.0, seconds))

    def _run(self) -> None:
        while not self._ending:
            try:
                self.work.turn()
                self.succeeded = time.monotonic()
            except Exception:  # noqa: BLE001 -- the edge of a thread: it goes on
                WORK_FAILED.labels(self.work.name).inc()
                _LOG.exception("%s failed; it is tried again", self.work.name)
                # What fails at once must not be tried without a pause, whoever wakes it.
                self._pause(min(self.work.every, 1.0))
            self._pause(self.work.rest)
            self._wake.wait(self.work.every)
            self._wake.clear()

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._ending and time.monotonic() < until:
            time.sleep(min(0.05, seconds))


class Workers:
    """All background work of a process.

    Args:
        works: what there is to do.
    """

    def __init__(self, works: Sequence[Work]):
        self._workers = {work.name: _Worker(work) for work in works}
        for work in works:  # so that a rise from nothing is seen
            WORK_FAILED.labels(work.name)
            WORK_RESTARTED.labels(work.name)

    def start(self) -> None:
        """Begin all of it."""
        for worker in self._workers.values():
            worker.start()

    def wake(self, *names: str) -> None:
        """Let these have their next turn at once."""
        for name in names:
            self._workers[name].wake()

    def restart_dead(self) -> None:
        """Begin anew what has died; nothing in it should be able to, and still a dead thread pages nobody."""
        for name, worker in self._workers.items():
            if not worker.is_alive:
                WORK_RESTARTED.labels(name).inc()
                _LOG.error("the thread of %s died: it is started again", name)
                worker.start()

    def standing_still(self) -> list[str]:
        """The names of what is dead, or has not got on for too long."""
        return [name for name, worker in self._workers.items() if not worker.is_alive or worker.stands_still]

    def seconds_since(self) -> dict[str, float]:
        """For each, how long ago a turn succeeded."""
        now = time.monotonic()
        return {name: round(now - worker.succeeded, 1) for name, worker in self._workers.items()}

    def stop(self, seconds: float) -> None:
        """End all of it; what takes longer than these seconds ends with the process."""
        until = time.monotonic() + seconds
        for worker in self._workers.values():
            worker.end()
        for worker in self._workers.values():
            worker.join(until - time.monotonic())
