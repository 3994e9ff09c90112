"""The threads for slow work: as many as there are cores, and a bounded number of pieces that wait for one.

Work that takes longer than a few milliseconds would hold up every other request if it ran in the event loop.  The
kernels let go of the interpreter while they run, so that threads are enough.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from actinf.errors import ServiceUnavailable
from actinf.service.measures import QUEUED_WORK, SHED

__all__ = ["Crew"]

P = ParamSpec("P")
Made = TypeVar("Made")


class Crew:
    """A bounded number of threads with a bounded queue.

    Args:
        threads: that work at once.
        most: pieces of work that run or wait; more are refused.
    """

    def __init__(self, threads: int, most: int):
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="slow work")
        self._threads = threads
        self._most = most
        self._inside = 0

    async def run(self, function: Callable[P, Made], *args: P.args, **named: P.kwargs) -> Made:
        """What a function returns, called in a thread.

        Raises:
            ServiceUnavailable: too many pieces of work wait already.
        """
        if self._inside >= self._most:
            SHED.labels("queue").inc()
            raise ServiceUnavailable(
                f"{self._inside} slow pieces of work are under way for {self._threads} threads: try again",
                retry_after=2,
            )
        self._count(1)
        loop = asyncio.get_running_loop()

        def done(_: "Future[Any]") -> None:
            # A request that was given up leaves its thread behind: the work is counted until it ends.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._count, -1)

        context = contextvars.copy_context()
        future = self._pool.submit(context.run, lambda: function(*args, **named))
        future.add_done_callback(done)
        return await asyncio.wrap_future(future)

    def _count(self, change: int) -> None:
        self._inside += change
        QUEUED_WORK.set(self._inside)

    def stop(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
