"""The process that serves the status page, started and looked after by the responder.

It runs in a session of its own: where the responder is killed, the page stays up.  The responder after it takes over
what it finds, without a gap; where the settings or the release changed it ends that process in order, and starts
another.  What dies is started again; each time that fails it is waited for longer.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import actinf
from actinf.responder.publishing.serving import PageServer, end_server, who_serves

__all__ = ["PageCommand", "PageProcess"]

_LOG = logging.getLogger(__name__)

_PATIENCE = 8.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: A process that ran for so long did not fail at its start.
_STEADY = 30.0
#: 16 MiB, and a few hundredths of a second.
_COSTS = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCommand:
    """How the process is started.

    Attributes:
        folder: of the page.
        command: the program and its arguments.
        environment: all of it, without secrets of the responder.
    """

    folder: Path
    command: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Of all that the process is told, and of the release: one that was started alike need not be replaced.

        It stands in the list of processes, and what the process is told has a password in it: it costs as much to
        guess as one that is kept.
        """
        told = sorted(one for one in self.environment.items() if one[0].upper().startswith("ACTINF_"))
        said = repr((actinf.__version__, self.command, told)).encode()
        return hashlib.scrypt(said, salt=str(self.folder).encode(), **_COSTS, dklen=16).hex()


class PageProcess:
    """The process.

    Args:
        command: that starts it.
        now: seconds, of a clock that is never set.
    """

    def __init__(self, command: PageCommand, now: Callable[[], float] = time.monotonic):
        self._command = command
        self._now = now
        self._process: subprocess.Popen[bytes] | None = None
        self._taken_over: PageServer | None = None
        self._left_alone: PageServer | None = None
        self._began = 0.0
        self._pause, self._not_before = _FIRST_PAUSE, 0.0
        self._guard = threading.Lock()
        self._ended = False
        self.trouble = ""

    def look(self) -> None:
        """Start it where it does not run."""
        with self._guard:
            if not self._ended:
                self._look()

    def end(self) -> None:
        """End it, with the responder; one that somebody else started stays."""
        with self._guard:
            self._ended = True
            self._end()

    @property
    def address(self) -> str | None:
        """Where the page is served, by whomever; None: nowhere."""
        server = who_serves(self._command.folder)
        return server.address if server is not None else None

    def _look(self) -> None:
        if self._process is not None:
            self._look_at(self._process)
        elif self._taken_over is not None and who_serves(self._command.folder) != self._taken_over:
            self._taken_over = None
            self._failed("the process that serves the status page died")
        if self._process is None and self._taken_over is None and self._now() >= self._not_before:
            self._begin()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._taken_over is not None:
            end_server(self._command.folder, self._taken_over, patience=_PATIENCE)
            self._taken_over = None

    def _look_at(self, process: subprocess.Popen[bytes]) -> None:
        code = process.poll()
        if code is not None:
            self._process = None
            self._failed(f"the process that serves the status page ended with code {code}")
        elif self._now() - self._began > _STEADY:
            self._pause, self.trouble = _FIRST_PAUSE, ""

    def _begin(self) -> None:
        """Take over what an earlier responder left, or start a process; what somebody else started is left alone."""
        folder, found = self._command.folder, who_serves(self._command.folder)
        if found is not None and found.started_as is None:
            if found != self._left_alone:
                _LOG.info("process %d serves the status page, and somebody started it: it is left alone", found.pid)
            self._left_alone = found
            return
        if found is not None and found.started_as == self._command.digest:
            _LOG.info("process %d of an earlier responder serves the status page: it is taken over", found.pid)
            self._taken_over = found
            return
        if found is not None:
            _LOG.info("process %d of an earlier responder serves the status page: it is replaced", found.pid)
            end_server(folder, found, patience=_PATIENCE)
        self._start()

    def _start(self) -> None:
        self._began = self._now()
        try:
            self._process = subprocess.Popen(
                [*self._command.command, "--started-as", self._command.digest],
                stdin=subprocess.DEVNULL,
                env=dict(self._command.environment),
                start_new_session=True,
            )
        except OSError as error:
            self._failed(f"the process that serves the status page cannot be started: {error.strerror}")

    def _failed(self, trouble: str) -> None:
        self.trouble = trouble
        self._not_before = self._now() + self._pause
        _LOG.error("%s; it is started again in %.0f s", trouble, self._pause)
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
