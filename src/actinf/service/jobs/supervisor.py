"""Workers beside a serving process: children that are started again when they die, and that never outlive it.

A simulation that takes all memory is killed with its worker; the process that answers requests goes on.
"""

import json
import logging
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from actinf.runtime.settings import Settings

__all__ = ["Supervisor"]

_LOG = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 30.0
PATIENCE_SECONDS = 12.0

_COMMAND = [sys.executable, "-m", "actinf.service.jobs.supervised"]


class Supervisor:
    """Worker processes for as long as a `with` block lasts."""

    def __init__(self, settings: Settings, database_url: str):
        """Prepare as many workers as the settings say."""
        plain = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in settings.model_copy(update={"metrics_port": None})
        }
        said = {"settings": plain, "database_url": database_url, "concurrency": 1}
        self._said = json.dumps(said, default=str).encode() + b"\n"
        self._threads = [
            threading.Thread(target=self._keep, args=(number,), name=f"worker {number}", daemon=True)
            for number in range(settings.workers)
        ]
        self._lock = threading.RLock()  # a signal may come while it is held
        self._ending = threading.Event()
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        with self._lock:
            return [child.pid for child in self._children.values()]

    def __enter__(self) -> Self:
        """Start them."""
        for thread in self._threads:
            thread.start()
        return self

    def end(self) -> None:
        """Tell them to end, without waiting for it."""
        with self._lock:
            self._ending.set()
            for child in self._children.values():
                child.terminate()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell them to end and wait for it; who takes too long is killed."""
        self.end()
        until = time.monotonic() + PATIENCE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        with self._lock:
            for child in self._children.values():
                child.kill()
        for thread in self._threads:
            thread.join()

    def _keep(self, number: int) -> None:
        """Have a worker run: start it again whenever it ends, ever later where it ends at once."""
        pause = FIRST_PAUSE_SECONDS
        while not self._ending.is_set():
            began = time.monotonic()
            code = self._run(number)
            if self._ending.is_set():
                return
            pause = FIRST_PAUSE_SECONDS if time.monotonic() - began > HEALTHY_SECONDS else pause
            _LOG.warning("worker %d ended with code %s: it is started again in %g s", number, code, pause)
            self._ending.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _run(self, number: int) -> int | None:
        """Run a worker to its end; its exit code, or None where it was not started any more."""
        with self._lock:
            if self._ending.is_set():
                return None
            # A session of its own: Ctrl-C in the terminal is for the serving process, which tells it in good order.
            child = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, start_new_session=True)
            self._children[number] = child
        try:
            if child.stdin is not None:
                try:
                    child.stdin.write(self._said)
                    child.stdin.flush()
                except BrokenPipeError:
                    _LOG.warning("worker %d ended before it was told what to do", number)
            return child.wait()
        finally:
            with self._lock:
                del self._children[number]
            if child.stdin is not None:
                child.stdin.close()
