"""Places in the write-ahead log, the files that hold it, and the timelines that it splits into.

A place (LSN) is a number of bytes.  The log is cut into segments of one size, and the name of a segment's file begins
with its timeline: each promotion of a restored server begins a new one, whose history file says where it left which
other.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from actinf.errors import BackupError

__all__ = ["Timeline", "history_of", "lsn_of", "lsn_text", "segment_name", "segment_number", "segments"]

_SEGMENT = re.compile(r"[0-9A-F]{24}")
_OF_A_SEGMENT = re.compile(r"[0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?")


def lsn_of(text: str) -> int:
    """The place that PostgreSQL writes as `0/3000028`, in bytes.

    Raises:
        ValueError: it is none.
    """
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def lsn_text(lsn: int) -> str:
    """The place as PostgreSQL writes it."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def segment_name(timeline: int, number: int, size: int) -> str:
    """The name of a segment's file.

    Args:
        timeline: that it belongs to.
        number: of the segment, counted from 0.
        size: of a segment, bytes.
    """
    per_file_id = 2**32 // size
    return f"{timeline:08X}{number // per_file_id:08X}{number % per_file_id:08X}"


def segment_number(name: str, size: int) -> int | None:
    """The number of the segment that a file of the log is about; None: the file is about none."""
    if not _OF_A_SEGMENT.fullmatch(name):
        return None
    return int(name[8:16], 16) * (2**32 // size) + int(name[16:24], 16)


def segments(folder: Path) -> set[str]:
    """The names of the whole segments in a folder."""
    return {entry.name for entry in folder.iterdir() if _SEGMENT.fullmatch(entry.name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A timeline, with those that it came from.

    Attributes:
        number: its own.
        before: the others, oldest first: number, and the place up to which it is part of this one's past.
    """

    number: int
    before: tuple[tuple[int, int], ...] = ()

    def passes(self, timeline: int, lsn: int) -> bool:
        """Whether that place on that timeline lies in this one's past, or on it."""
        return timeline == self.number or any(one == timeline and lsn <= end for one, end in self.before)

    def last_segment(self, names: Iterable[str], size: int) -> int:
        """The number of the last segment of the timeline itself, or where it has none yet, of its past; -1: none."""
        numbers = [-1]
        for name in names:
            timeline, number = int(name[:8], 16), segment_number(name, size)
            if number is not None and self.passes(timeline, number * size):
                numbers.append(number)
        return max(numbers)

    def first_missing(self, names: Iterable[str], start: int, size: int) -> str | None:
        """The first segment, from the one that holds `start` to the last that is there, that is not; None: all are."""
        there = set(names)
        all_timelines = [one for one, _ in self.before] + [self.number]
        for number in range(start // size, self.last_segment(there, size) + 1):
            fitting = [one for one in all_timelines if self.passes(one, number * size)]
            if not any(segment_name(one, number, size) in there for one in fitting):
                return segment_name(fitting[0], number, size)
        return None


def history_of(number: int, folder: Path) -> Timeline:
    """The timeline of that number, by its history file.

    Raises:
        BackupError: the file is missing, or no such file.
    """
    if number == 1:
        return Timeline(number=1)
    file = folder / f"{number:08X}.history"
    try:
        lines = [line.split() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
        before = tuple((int(line[0]), lsn_of(line[1])) for line in lines if line and not line[0].startswith("#"))
    except OSError as error:
        raise BackupError(
            f"the history of timeline {number} cannot be read at {file} ({error.strerror}): without it, nothing says "
            "which part of the log belongs to it. Put the file back from a copy of the archive"
        ) from None
    except (ValueError, IndexError):
        raise BackupError(f"{file} is no history of a timeline: put it back from a copy of the archive") from None
    return Timeline(number=number, before=before)
