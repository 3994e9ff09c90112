"""What the user reads: results on standard output; errors, notes and progress on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

__all__ = ["Screen"]

_SECONDS_BETWEEN_LINES = 5.0
_SECONDS_BEFORE_FIRST_LINE = 1.0


class Screen:
    """Standard output and standard error.

    Attributes:
        out: where results go; a rich console.
    """

    def __init__(self, *, quiet: bool = False):
        """Use the streams of this process; `quiet` leaves out notes and progress, never errors."""
        self.out = Console(highlight=False, soft_wrap=False)
        self.quiet = quiet
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, line: str) -> None:
        """A note."""
        if not self.quiet:
            self._err.print(Text(line))

    def warn(self, message: str) -> None:
        """What is likely a mistake, though the command goes on."""
        self._err.print(Text.assemble(("warning: ", "bold yellow"), message))

    def fail(self, message: str, *, hint: str = "") -> None:
        """An error; every line of the message is one mistake."""
        for line in message.splitlines() or [""]:
            self._err.print(Text.assemble(("error: ", "bold red"), line))
        if hint:
            self._err.print(Text(f"try: {hint}", style="dim"))

    def json(self, value: Any) -> None:
        """A result for programs."""
        sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show how far the work is, as a bar on a terminal and as a line now and then elsewhere.

        Yields:
            A function of what is done and of all there is.
        """
        if self.quiet:
            yield lambda done, total: None  # noqa: ARG005 -- what is called is the caller's business
        elif self._err.is_terminal:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeRemainingColumn(),
            )
            with Progress(*columns, console=self._err, transient=True) as bar:
                task = bar.add_task(what, total=None)
                yield lambda done, total: bar.update(task, completed=done, total=total)
        else:
            yield _Lines(what, self.say)

    @contextmanager
    def waiting(self, what: str, *, announced: bool = False) -> Iterator[Callable[[str], None]]:
        """Show that something of unknown length goes on; where there is no terminal, only what is `announced` is said.

        Yields:
            A function that says what of it goes on now.
        """
        if self.quiet or not self._err.is_terminal:
            if announced:
                self.say(what)
            yield lambda now: None  # noqa: ARG005 -- nothing is shown
        else:
            with self._err.status(what) as status:
                yield lambda now: status.update(f"{what}: {now}")


class _Lines:
    """Progress where there is no terminal: a line after a second, then one every few seconds."""

    def __init__(self, what: str, say: Callable[[str], None]):
        self.what = what
        self.say = say
        self.next = time.monotonic() + _SECONDS_BEFORE_FIRST_LINE

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self.next:
            self.next = now + _SECONDS_BETWEEN_LINES
            self.say(f"{self.what}: {done / max(1, total):.0%}")
