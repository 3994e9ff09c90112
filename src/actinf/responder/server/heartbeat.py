"""The dead-man's switch: a service outside is asked every 30 s while all is well, and alarms when that ends."""

from __future__ import annotations

import logging
from collections.abc import Callable

import httpx
from pydantic import SecretStr

from actinf.responder.channels.deadline import Deadline
from actinf.responder.server.measures import HEARTBEATS

__all__ = ["EVERY", "Heartbeat"]

_LOG = logging.getLogger(__name__)

#: Seconds between two signs of life.
EVERY = 30.0
_SECONDS = 10.0


class Heartbeat:
    """Gives signs of life.

    Args:
        url: that is asked; it is a secret.
        wrong: what stands still; nothing: all is well.
        given: called with each sign of life that was taken.
    """

    def __init__(self, url: SecretStr, wrong: Callable[[], list[str]], given: Callable[[], None]):
        self._url = url
        self._wrong = wrong
        self._given = given
        self._deadline = Deadline(_SECONDS)
        self._client = httpx.Client(timeout=_SECONDS, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._failed = False

    def once(self) -> None:
        """Give one, unless something stands still."""
        wrong = self._wrong()
        if wrong:
            HEARTBEATS.labels("withheld").inc()
            _LOG.error("no sign of life is given: %s stands still", ", ".join(wrong))
            return
        try:
            status = self._deadline.run(self._ask)
            why = "" if status < 400 else f"it answered {status}"
        except (httpx.HTTPError, OSError) as error:
            why = type(error).__name__  # its text would quote the address
        HEARTBEATS.labels("failed" if why else "sent").inc()
        if why and not self._failed:
            _LOG.warning("the dead-man's switch did not take a sign of life: %s", why)
        self._failed = bool(why)
        if not why:
            self._given()

    def _ask(self) -> int:
        return self._client.get(self._url.get_secret_value()).status_code
