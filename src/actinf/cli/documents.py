"""Documents that commands are given: a schedule, a catalogue; from a file, or from standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol, TypeVar

from actinf.errors import SettingError

__all__ = ["read_document"]

T_co = TypeVar("T_co", covariant=True)

_MOST_TO_READ = 2_000_000


class Reads(Protocol[T_co]):
    """A kind of document."""

    def from_text(self, text: str, name: str) -> T_co:
        """The document that a YAML text states."""
        ...


def read_document(kind: Reads[T_co], file: str, what: str) -> T_co:
    """The document in a file.

    Args:
        kind: of document.
        file: its path; `-` for standard input.
        what: it is, with its article.

    Raises:
        SettingError: it is no text, or no such document: every mistake with its line.
        OSError: it cannot be read.
    """
    if file == "-":
        return kind.from_text(sys.stdin.read(_MOST_TO_READ), "standard input")
    try:
        with Path(file).open(encoding="utf-8") as text:
            return kind.from_text(text.read(_MOST_TO_READ), file)
    except UnicodeDecodeError:
        raise SettingError(f"{file} is no text in UTF-8: expected {what} in YAML") from None
