"""When to send a request again: on a lost connection, 429, 502, 503 and 504, and never on another refusal.

Sending again is safe, because every request that makes or changes something carries a key by which the service knows it
(`actinf.client.operation`).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from actinf.errors import SettingError

__all__ = ["Attempts", "Retries"]


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How long, and at what distance, a client tries again.

    Waits grow twofold from `first` to `most`, each drawn between half of that and all of it, so that many clients do
    not come back at the same moment; where the service says how long to wait (`Retry-After`), not less than that.

    Args:
        seconds: no try begins later than this after the first one; 0: never try again.
        first: the first wait, seconds.
        most: the longest wait, seconds.

    Raises:
        SettingError: when one is negative, or `most` is less than `first`.
    """

    seconds: float = 60.0
    first: float = 0.1
    most: float = 5.0

    def __post_init__(self) -> None:
        if not (0 <= self.seconds < float("inf") and 0 <= self.first <= self.most < float("inf")):
            raise SettingError(
                f"Retries(seconds={self.seconds}, first={self.first}, most={self.most}): expected seconds ≥ 0 and "
                "0 ≤ first ≤ most, all finite"
            )


class Attempts:
    """The tries of one request.

    Args:
        retries: how long, and at what distance.
        now: the clock, seconds.
        draw: a number from 0 to 1.
        within: seconds after which no try begins either; None: what `retries` says.
    """

    def __init__(
        self,
        retries: Retries,
        *,
        now: Callable[[], float],
        draw: Callable[[], float] = random.random,
        within: float | None = None,
    ):
        self._retries = retries
        self._now = now
        self._draw = draw
        self.seconds = retries.seconds if within is None else min(retries.seconds, within)
        self._until = now() + self.seconds
        self.made = 1

    def wait(self, retry_after: float = 0.0) -> float | None:
        """Seconds to wait before the next try; None where there is none any more.

        Args:
            retry_after: the least that the service asks for.
        """
        most = min(self._retries.most, self._retries.first * 2.0 ** min(self.made - 1, 60))
        wait = max(retry_after, most * (1 + self._draw()) / 2)
        if self.seconds == 0 or self._now() + wait > self._until:
            return None
        self.made += 1
        return wait
