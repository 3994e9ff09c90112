"""What work may begin: its memory and time are estimated from the shape of its model, before anything is built for it.

What no worker could bear is refused for good (422, with the numbers and what to change); what would only not fit now is
refused for now (503).  Memory that is merely kept ready, agents and their sessions, gives way to work: the oldest go
first.  Whoever holds memory is not asked to give it back: it is counted out when the object is gone.
"""

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actinf.agent.estimate import AgentEstimate, estimate_agent
from actinf.errors import BudgetError, ServiceUnavailable
from actinf.lab.experiment import AgentSettings
from actinf.model import Model
from actinf.service.measures import ADMISSION_REFUSED, MEMORY_HELD
from actinf.service.protection.breaker import Breaker

__all__ = ["Admission", "in_words"]

_REMEDY = "take a shorter horizon, fewer or smaller factors, or ask whoever runs this for a higher"
_LEAST_REMARKABLE = 10**15  # policies; more are told as a power of ten


class Admission:
    """The account of a process's memory, by estimate.

    Args:
        most_bytes: of one piece of work.
        budget_bytes: of all at once; what is kept ready takes at most half of it.
        most_seconds: of one step.
        large_bytes: from which on work passes the breaker.
        breaker: of work that takes much memory.
    """

    def __init__(self, *, most_bytes: int, budget_bytes: int, most_seconds: float, large_bytes: int, breaker: Breaker):
        self._most_bytes, self._budget, self._most_seconds = most_bytes, budget_bytes, most_seconds
        self._large = large_bytes
        self._breaker = breaker
        self._running = 0
        self._kept = 0
        # Objects end in any thread, also in the middle of a sum: what they held is put here, and subtracted later.
        self._released: deque[int] = deque()
        self._caches: list[Callable[[], bool]] = []

    def gives_way(self, let_go: Callable[[], bool]) -> None:
        """Let a cache be asked to let go of its oldest entry; it answers whether it had any.

        Those that came last are asked first: they hold on to what those before them keep.
        """
        self._caches.insert(0, let_go)

    @property
    def kept_bytes(self) -> int:
        """What is kept ready."""
        while self._released:
            self._kept -= self._released.popleft()
        MEMORY_HELD.labels("kept").set(self._kept)
        return self._kept

    @property
    def running_bytes(self) -> int:
        """What work that runs may take."""
        return self._running

    def agent(self, model: Model, settings: AgentSettings) -> AgentEstimate:
        """What an agent will cost.

        Raises:
            BudgetError: no worker could bear it.
        """
        estimate = estimate_agent(
            model,
            planner=settings.planner,
            inference=settings.inference,
            learning=settings.learning,
            dtype=settings.dtype,
        )
        what = f"an agent of the model {model.name!r} with {_policies(estimate.num_policies)} policies"
        self.check(what, estimate.bytes)
        if estimate.seconds_per_step > self._most_seconds:
            ADMISSION_REFUSED.labels("too_slow").inc()
            raise BudgetError(
                f"{what} would take about {_seconds(estimate.seconds_per_step)} for a step: at most "
                f"{self._most_seconds:g} s are spent on one here; {_REMEDY} ACTINF_MAX_STEP_SECONDS"
            )
        return estimate

    def check(self, what: str, nbytes: int) -> None:
        """Return where work of that size can be borne at all.

        Args:
            what: the work, as in "an agent of …".
            nbytes: its estimate.

        Raises:
            BudgetError: no worker could.
        """
        if nbytes > self._most_bytes:
            ADMISSION_REFUSED.labels("too_large").inc()
            raise BudgetError(
                f"{what} would take {in_words(nbytes)} of memory: at most {in_words(self._most_bytes)} are given to "
                f"one piece of work here; {_REMEDY} ACTINF_MAX_MEMORY_BYTES"
            )

    @contextmanager
    def work(self, what: str, nbytes: int) -> Iterator[None]:
        """Do work of that size inside the block.

        Raises:
            BudgetError: no worker could bear it.
            ServiceUnavailable: there is no room now, or work of that size is refused for now.
        """
        self.check(what, nbytes)
        large = nbytes >= self._large
        if large:
            try:
                self._breaker.admit()
            except ServiceUnavailable:
                ADMISSION_REFUSED.labels("breaker").inc()
                raise
        self._make_room(what, nbytes)
        self._running += nbytes
        MEMORY_HELD.labels("running").set(self._running)
        try:
            yield
        except BudgetError:
            raise
        except MemoryError as error:
            self._breaker.failed()
            raise ServiceUnavailable(
                f"{what} found no memory, although {in_words(nbytes)} were to be had by estimate: try again later",
                retry_after=10.0,
            ) from error
        else:
            if large:
                self._breaker.succeeded()
        finally:
            self._running -= nbytes
            MEMORY_HELD.labels("running").set(self._running)

    def _make_room(self, what: str, nbytes: int) -> None:
        while self._running + self.kept_bytes + nbytes > self._budget:
            # Beside the work that runs there may be no room whatever is let go of: then what is kept stays.
            never = self._running + nbytes > self._budget
            if never or not any(let_go() for let_go in self._caches):
                ADMISSION_REFUSED.labels("no_room").inc()
                raise ServiceUnavailable(
                    f"{what} would take {in_words(nbytes)} of memory, and of {in_words(self._budget)} "
                    f"{in_words(self._running + self.kept_bytes)} are in use: try again when other work is done",
                    retry_after=5.0,
                )

    def keep(self, held: object, nbytes: int) -> None:
        """Count memory for as long as an object lives; others that are merely kept give way to it."""
        self._kept += nbytes
        weakref.finalize(held, self._released.append, nbytes).atexit = False
        while self.kept_bytes > self._budget // 2 and any(let_go() for let_go in self._caches):
            pass


def in_words(nbytes: int) -> str:
    """A number of bytes, for people: "1.5 GiB"."""
    if nbytes >= 2**70:
        return "more than 2⁷⁰ bytes"
    size, unit = float(nbytes), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.3g} {unit}"


def _policies(number: int) -> str:
    return f"{number:,}" if number < _LEAST_REMARKABLE else f"about 10^{len(str(number)) - 1}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 1e6 else f"{seconds:.0e} s"
