"""What a serving process does beside requests, for as long as it runs."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from actinf.runtime.logs import first_line

__all__ = ["begun", "ended"]

_LOG = logging.getLogger(__name__)


def begun(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Begin a work; where it ends by an error, that is logged when it happens, and nowhere raised.

    Args:
        work: what is done.
        name: of the work, for the log.
    """
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell)
    return task


async def ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel all, and wait until they have ended, each in its own way."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _tell(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _LOG.error("%s ended, and is not begun again: %s", task.get_name(), first_line(error), exc_info=error)
