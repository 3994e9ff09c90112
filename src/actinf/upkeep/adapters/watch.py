"""Looking at a server once a second, so that what is known is told at once."""

import asyncio
import logging
import time
from contextlib import suppress

from actinf.upkeep.adapters.seen import Seen, Subject

__all__ = ["Watch"]

_LOG = logging.getLogger(__name__)

_EVERY_SECONDS = 1.0
#: A look that takes longer is given up: the server hangs.
_PATIENCE_SECONDS = 2.0
#: A look that was given up may take its time to end; what it found before is not believed for longer.
_STALE_SECONDS = 3.5


class Watch:
    """What is known of a server.

    Args:
        subject: the server.
    """

    def __init__(self, subject: Subject):
        self.subject = subject
        self._seen = Seen(reason=f"{subject.name} was not asked yet")
        self._when = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    @property
    def seen(self) -> Seen:
        """The last look, or that there was none for too long."""
        silent = time.monotonic() - self._when
        if silent > _STALE_SECONDS:
            return Seen(reason=f"{self.subject.name} has not answered for {silent:.0f} s")
        return self._seen

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name=f"watching {self.subject.name}")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.subject.leave()

    async def _run(self) -> None:
        while True:
            started = time.monotonic()
            seen = await self._look()
            if (seen.reason is None) != (self._seen.reason is None):
                said = f"{self.subject.name} works" if seen.reason is None else seen.reason
                _LOG.log(logging.INFO if seen.reason is None else logging.ERROR, "%s", said)
            self._seen, self._when = seen, time.monotonic()
            await asyncio.sleep(max(0.0, started + _EVERY_SECONDS - time.monotonic()))

    async def _look(self) -> Seen:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self.subject.look()
        except TimeoutError:
            await self.subject.leave()
            return Seen(reason=f"{self.subject.name} did not answer within {_PATIENCE_SECONDS:g} s")
