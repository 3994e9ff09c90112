"""Processes that measure: each side runs in a process of its own, so that memory and threads are its own as well."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from actinf.errors import SettingError

__all__ = ["Side", "Worker", "first_answer"]


@dataclass(frozen=True)
class Side:
    """How one side of the comparison is started.

    Attributes:
        name: what the table calls it.
        command: interpreter and arguments; both are run with -E, so that variables meant for other Pythons (bytecode
            switched off, another path) touch neither side.
    """

    name: str
    command: tuple[str, ...]


def _failure(side: Side, said: IO[str]) -> SettingError:
    said.seek(0)
    last = [line for line in said.read().splitlines() if line.strip()][-1:]
    return SettingError(f"the benchmark's process for {side.name} ended early: {' '.join(last) or 'it said nothing'}")


class Worker:
    """A process that answers one request at a time, JSON lines both ways."""

    def __init__(self, side: Side, *arguments: str):
        self._side = side
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed in __exit__)
        self._process = subprocess.Popen(
            [*side.command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            SettingError: when the process ends instead of answering; with its last words.
        """
        stdin, stdout = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        try:
            stdin.write(json.dumps({"op": operation} | request) + "\n")
            stdin.flush()
            answer = stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise _failure(self._side, self._said)
        return cast("dict[str, Any]", json.loads(answer))

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()


def first_answer(side: Side, arguments: Sequence[str], environment: Path | None = None) -> tuple[float, dict[str, Any]]:
    """Seconds from the start of a fresh process to its first line, and what that line says.

    Args:
        side: whose process.
        arguments: what it is told.
        environment: a folder for the engine's machine code, instead of the user's own.
    """
    prefix = [] if environment is None else ["env", f"ACTINF_CACHE_DIR={environment}"]
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        with subprocess.Popen(
            [*prefix, *side.command, *arguments], stdout=subprocess.PIPE, stderr=said, text=True
        ) as process:
            line = cast("IO[str]", process.stdout).readline()
            elapsed = time.perf_counter() - start
        if not line:
            raise _failure(side, said)
    return elapsed, json.loads(line)
