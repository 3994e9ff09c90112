"""What it means to have interrupted a command, where that is not what it means of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Interruption", "interruption_means"]


class Interruption(BaseException):
    """A command was interrupted; the message says what became of its work.  No error, as KeyboardInterrupt is none."""


@contextmanager
def interruption_means(sentence: str) -> Iterator[None]:
    """Where the block is interrupted, let `sentence` be what the user reads.

    Raises:
        Interruption: instead of KeyboardInterrupt.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interruption(sentence) from None
