"""The time that timers count by: the wall clock's, without its steps.

A wall clock that is set forward by an hour would let an hour's timers run out at once, and one that is set back would
let them wait.  So the time is read once from the wall clock and then counted by a clock that cannot be set.  The small
corrections by which a wall clock is kept right are followed; a step is not, and is told, until the machine starts anew
or somebody says that the wall clock is right.

The count is that of the machine, and survives a process: what was read last is kept with the name of the machine's run.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["Reading", "SteadyClock", "machine_count", "machine_run"]

#: A larger difference than this between two readings is a step, seconds.
_STEP = 2.0

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at one moment.

    Attributes:
        run: which run of the machine it was; a count of another run says nothing.
        count: seconds that this run has lasted.
        steady: the time, seconds since 1970.
    """

    run: str
    count: float
    steady: float

    def text(self) -> str:
        """The reading, to be kept."""
        return json.dumps([self.run, self.count, self.steady])

    @classmethod
    def of(cls, text: str) -> Reading | None:
        """The reading that was kept; None: it is none."""
        try:
            run, count, steady = json.loads(text)
            return cls(str(run), float(count), float(steady))
        except (ValueError, TypeError):
            return None


def machine_run() -> str:
    """A name for this run of the machine; where the system has none, a new one, so that nothing is carried over."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return f"unknown {time.time_ns()}"


def machine_count() -> float:
    """Seconds that this run of the machine has lasted, sleep included where the system counts it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """A clock, which any number of threads may read.

    Args:
        before: the last reading that was kept; None: there is none.
        wall: the wall clock, seconds since 1970.
        count: seconds that this run of the machine has lasted.
        run: names this run of the machine.
    """

    def __init__(
        self,
        before: Reading | None = None,
        *,
        wall: Callable[[], float] = time.time,
        count: Callable[[], float] = machine_count,
        run: str | None = None,
    ):
        self._wall = wall
        self._count = count
        self._run = run if run is not None else machine_run()
        # Else a thread that reads while another corrects the clock would undo the correction.
        self._guard = threading.Lock()
        known = before is not None and before.run == self._run and before.count <= count()
        self._last = before if known and before is not None else Reading(self._run, count(), wall())

    def __call__(self) -> datetime:
        """The time, UTC; it goes back for a correction alone."""
        return datetime.fromtimestamp(self.reading().steady, UTC)

    def reading(self) -> Reading:
        """The time as it is counted, to be kept."""
        with self._guard:
            count = self._count()
            counted = self._last.steady + (count - self._last.count)
            wall = self._wall()
            # A wall clock that is kept right is a hair before or behind: it is followed, but time does not go back.
            steady = max(wall, self._last.steady) if abs(wall - counted) < _STEP else counted
            self._last = Reading(self._run, count, steady)
            return self._last

    @property
    def step(self) -> timedelta:
        """How far the wall clock is ahead because it was set; zero: it was not."""
        apart = self._wall() - self.reading().steady
        return timedelta(seconds=apart) if abs(apart) >= _STEP else timedelta(0)

    def believe_the_wall(self) -> None:
        """Take the wall clock's time from now on, also where that goes back."""
        with self._guard:
            self._last = Reading(self._run, self._count(), self._wall())
