"""The end of patience: a call that is given up after so many seconds, however slowly the other side drips.

Time limits of sockets count from byte to byte, so that a server which sends one byte a second holds a caller for ever.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Deadline"]

T = TypeVar("T")


class Deadline:
    """Runs calls, each in a thread of its own, and waits no longer than it was told.

    A call that was given up goes on in its thread until its socket ends; at most `most` do so at once.

    Args:
        seconds: how long a call is waited for.
        most: calls at once, with those that were given up.
    """

    def __init__(self, seconds: float, *, most: int = 16):
        self.seconds = seconds
        self._most = most
        self._places = threading.BoundedSemaphore(most)

    def run(self, call: Callable[[], T]) -> T:
        """What a call returns, or raises.

        Args:
            call: what to do; it must be harmless when nobody waits for it any more.

        Raises:
            TimeoutError: it is not done in time, or too many earlier ones are not.
        """
        if not self._places.acquire(timeout=self.seconds):
            raise TimeoutError(f"{self._most} earlier attempts are still waiting for an answer")
        attempt = _Attempt(call, self._places)
        threading.Thread(target=attempt.make, name="actinf-channel", daemon=True).start()
        return attempt.outcome.result(self.seconds)


class _Attempt(Generic[T]):
    """One call, and the future that holds what became of it."""

    def __init__(self, call: Callable[[], T], places: threading.BoundedSemaphore):
        self._call = call
        self._places = places
        self.outcome: Future[T] = Future()

    def make(self) -> None:
        try:
            self.outcome.set_result(self._call())
        except BaseException as error:  # noqa: BLE001 -- handed to who waits
            self.outcome.set_exception(error)
        finally:
            self._places.release()
