"""What an access log says in numbers, read as it grows."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import IO

__all__ = ["WORDS", "AccessLog"]

#: What the log calls a request that may be a trace of something.
WORDS = ("unauthorized", "suspicious", "attack")
#: What is read at most at a look: ten thousand lines or so; the rest waits for the next.
_MOST_BYTES = 4 * 2**20


class AccessLog:
    """Counts the lines of a log by status and by what they are called, from when it is first looked at.

    Args:
        path: of the log, one JSON object with `status` and `classification` a line.  It need not be there yet, and may
            be moved away and begun anew.
    """

    def __init__(self, path: Path):
        self._path = path
        self._file: IO[bytes] | None = None
        self._is_first = True
        self._rest = b""
        self.statuses: Counter[str] = Counter()
        self.words: Counter[str] = Counter(dict.fromkeys(WORDS, 0))

    def read(self) -> None:
        """Count what was added.

        Raises:
            OSError: it cannot be read.
        """
        if self._file is None:
            self._open()
        if self._file is None:
            return
        added = self._file.read(_MOST_BYTES)
        *lines, self._rest = (self._rest + added).split(b"\n")
        for line in lines:
            self._count(line)
        if len(added) < _MOST_BYTES and self._was_moved():
            self.close()
            self._open()

    def close(self) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._rest = b""

    def _open(self) -> None:
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            self._is_first = False  # what is written from now on is new
            return
        if self._is_first:  # what stands there was counted by the process before this one, or happened long ago
            self._file.seek(0, os.SEEK_END)
        self._is_first = False

    def _was_moved(self) -> bool:
        """Whether another file is there now, or the same one was emptied."""
        if self._file is None:
            return False
        here = os.fstat(self._file.fileno())
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False  # the next one is not there yet, and this may still be written to
        return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino) or here.st_size < self._file.tell()

    def _count(self, line: bytes) -> None:
        try:
            said = json.loads(line.decode("utf-8", "replace"))  # an address may hold any bytes
            status, words = str(int(said["status"])), str(said["classification"]).split()
        except (ValueError, KeyError, TypeError):
            return  # half a line, at the end of a log that was moved
        self.statuses[status] += 1
        self.words.update(word for word in words if word in WORDS)
