"""How many users meet failures, for who has to say how bad it is."""

import time
from collections.abc import Callable

from actinf.service.measures import FAILING_USERS

__all__ = ["FailingUsers"]

_SECONDS = 300.0
#: More are not told apart: by then the number says enough.
_MOST = 10_000


class FailingUsers:
    """Counts the keys of which a request failed within the last five minutes.

    Args:
        count: seconds, counted from anywhere.
    """

    def __init__(self, count: Callable[[], float] = time.monotonic):
        self._count = count
        self._last: dict[str, float] = {}
        FAILING_USERS.set_function(self.number)

    def failed(self, actor: str) -> None:
        """A request of somebody was answered with a 5xx."""
        self._last.pop(actor, None)  # so that they stand in the order of their times
        if len(self._last) < _MOST:
            self._last[actor] = self._count()

    def number(self) -> int:
        """How many they are now."""
        since = self._count() - _SECONDS
        for actor, at in list(self._last.items()):
            if at >= since:
                break
            self._last.pop(actor, None)
        return len(self._last)
