"""Those outside whose word is expected, and when they were last heard of.

That is kept in the store, so that `actinf respond doctor`, which is another process, can say whether anybody watches,
and whether alerts arrive.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from actinf.responder.keeping.watched import Outsider, put
from actinf.responder.server.measures import HEARD_AT
from actinf.responder.store.database import Store

__all__ = ["Outsiders"]


class Outsiders:
    """Notes them.

    Args:
        store: where it is kept.
        clock: the time.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]):
        self._store = store
        self._clock = clock
        self._guard = threading.Lock()
        self._heard: dict[Outsider, datetime] = {}

    def heard(self, outsider: Outsider) -> None:
        """Note that one was heard of; it is kept a moment later, for whoever tells waits for no disk."""
        now = self._clock()
        HEARD_AT.labels(outsider).set(now.timestamp())
        with self._guard:
            self._heard[outsider] = now

    def keep(self) -> None:
        """Keep what was heard since the last time, where anything was."""
        with self._guard:
            heard, self._heard = self._heard, {}
        if heard:
            with self._store.writing() as connection:
                for outsider, at in heard.items():
                    put(connection, outsider, at)
