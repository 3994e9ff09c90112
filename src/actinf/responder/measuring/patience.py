"""Asks several things within one time limit, and whoever did not answer once is not asked again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from actinf.errors import NotMeasured
from actinf.responder.measuring.port import Measurements, Sample

__all__ = ["Patience"]


class Patience:
    """Measurements that fail at once after the first failure, or when the time is over.

    Args:
        measurements: who is asked.
        seconds: for all questions together.
        count: seconds, counted from anywhere.
    """

    def __init__(
        self, measurements: Measurements, seconds: float = 15.0, *, count: Callable[[], float] = time.monotonic
    ):
        self._measurements = measurements
        self._count = count
        self._until = count() + seconds
        self._seconds = seconds
        self._failure: NotMeasured | None = None

    def ask(self, query: str) -> tuple[Sample, ...]:
        """As `Measurements.ask`."""
        if self._failure is None and self._count() > self._until:
            self._failure = NotMeasured(f"not all was answered within {self._seconds:g} s")
        if self._failure is not None:
            raise self._failure
        try:
            return self._measurements.ask(query)
        except NotMeasured as error:
            self._failure = error
            raise

    def number(self, query: str) -> float | None:
        """The one number that a query gives; None: nothing of the kind is measured, or happened.

        Raises:
            NotMeasured: as `ask`; or there are several numbers.
        """
        found = self.ask(query)
        if len(found) > 1:
            raise NotMeasured(f"{query} gave {len(found)} series, where one was expected")
        return found[0].value if found and math.isfinite(found[0].value) else None
