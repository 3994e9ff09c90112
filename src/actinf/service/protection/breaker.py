"""A circuit breaker: where something fails again and again, fail at once instead, and try again now and then.

    closed ──(failures in a row)──▶ open ──(pause)──▶ half-open ──(one try succeeds)──▶ closed
                                     ▲                    │
                                     └──(it fails; the pause doubles)

An operator may hold it open or closed.  A breaker decides and counts, and never waits: its
clock is given to it.
"""

import time
from collections.abc import Callable
from typing import Literal

from actinf.errors import ServiceUnavailable
from actinf.service.measures import BREAKER_FORCED, BREAKER_REJECTED, BREAKER_STATE, BREAKER_TRANSITIONS

__all__ = ["Breaker", "Position", "State"]

Position = Literal["auto", "open", "closed"]
State = Literal["closed", "half-open", "open"]

_LEVEL = {"closed": 0, "half-open": 1, "open": 2}


class Breaker:
    """The breaker around one thing that can fail.

    Args:
        name: what it is called in metrics and at `/v1/switches`.
        purpose: a sentence on what it guards.
        refusal: what a caller is told while it is open.
        failures: so many in a row open it.
        pause: seconds until the first try; it doubles with every try that fails, up to `longest`.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        *,
        purpose: str,
        refusal: str,
        failures: int = 5,
        pause: float = 1.0,
        longest: float = 8.0,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.name = name
        self.purpose = purpose
        self._refusal = refusal
        self._most_failures = failures
        self._first_pause, self._longest = pause, longest
        self._clock = clock
        self._position: Position = "auto"
        self._tripped = False
        self._failures = 0
        self._pause = pause
        self._next_try = 0.0
        self._trying = False
        self._shown: State = "closed"
        self._show()

    @property
    def position(self) -> Position:
        """What the operator chose; `auto` lets failures decide."""
        return self._position

    @property
    def failures(self) -> int:
        """Failures in a row so far."""
        return self._failures

    @property
    def state(self) -> State:
        """What happens to whoever comes now: let through, let through as a try, or refused."""
        if self._position != "auto":
            return self._position
        if not self._tripped:
            return "closed"
        return "half-open" if self._trying or self._clock() >= self._next_try else "open"

    def hold(self, position: Position) -> None:
        """Take a position that the operator chose; back in `auto` it begins closed."""
        if position == self._position:
            return
        self._position = position
        self._tripped, self._trying, self._failures, self._pause = False, False, 0, self._first_pause
        self._show()

    def admit(self, *, essential: bool = False) -> None:
        """Return where one may go on; whoever does tells how it ended, by `succeeded` or `failed`.

        Args:
            essential: what an operator needs in order to close it again: it passes a breaker that is held open, and
                none that failures opened.

        Raises:
            ServiceUnavailable: it is open.
        """
        if self._position == "closed" or (self._position == "auto" and not self._tripped):
            return
        if self._position == "open":
            if essential:
                return
            self._refuse(f"{self._refusal} (the switch {self.name!r} is held open by an operator)", self._longest)
        now = self._clock()
        if now < self._next_try:
            self._refuse(self._refusal, self._next_try - now)
        # A try that is never heard of again, because its request was given up, must not keep the next from trying.
        self._next_try, self._trying = now + self._pause, True
        self._show()

    def _refuse(self, message: str, retry_after: float) -> None:
        BREAKER_REJECTED.labels(self.name).inc()
        raise ServiceUnavailable(message, retry_after=retry_after)

    def succeeded(self) -> None:
        """It worked."""
        if self._failures or self._tripped:
            self._failures, self._tripped, self._trying, self._pause = 0, False, False, self._first_pause
            self._show()

    def failed(self) -> None:
        """It did not work."""
        self._failures += 1
        if self._trying:
            self._pause = min(2 * self._pause, self._longest)
        if self._trying or (not self._tripped and self._failures >= self._most_failures):
            self._tripped, self._trying = True, False
            self._next_try = self._clock() + self._pause
        self._show()

    def _show(self) -> None:
        """Tell the metrics where it stands."""
        state = self.state
        BREAKER_STATE.labels(self.name).set(_LEVEL[state])
        BREAKER_FORCED.labels(self.name).set(self._position != "auto")
        if state != self._shown:
            BREAKER_TRANSITIONS.labels(self.name, state).inc()
            self._shown = state
