"""Which mails have been handed over, for the case that this process is killed before it could write that down.

Between the dot that ends a mail and the line in the store lies the answer of the mail server, and in that time a kill
would leave nobody who knows whether it was sent.  So its number is put into a file that is mapped into memory, right
before the dot is sent: no more than two instructions of the interpreter lie between both, and what was put there
outlives the process, for it is the system's.  Where the machine itself loses power, some mails may come twice; each
copy has the same Message-ID.
"""

from __future__ import annotations

import mmap
import os
import threading
from pathlib import Path

__all__ = ["Journal"]

_FILE = "handed-over"
_BYTES = 8
_PLACES = 4096


class Journal:
    """Numbers of mails that were handed over, and of which the store does not know yet.

    Args:
        folder: of the page, which exists.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, folder: Path):
        handle = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(handle).st_size != _PLACES * _BYTES:
                # Written out, so that a full disk is found here, and not when a place is filled.
                os.ftruncate(handle, 0)
                os.pwrite(handle, bytes(_PLACES * _BYTES), 0)
            self._places = mmap.mmap(handle, _PLACES * _BYTES)
        finally:
            os.close(handle)
        self._guard = threading.Lock()
        self._free = [place for place in range(_PLACES) if not self._number_at(place)]
        self._taken: dict[int, int] = {}

    def left(self) -> list[int]:
        """The numbers that a process before this one left."""
        ours = set(self._taken.values())
        numbers = ((place, self._number_at(place)) for place in range(_PLACES))
        return [number for place, number in numbers if number and place not in ours]

    def clear(self) -> None:
        """The store knows of all of them."""
        self._places[:] = bytes(_PLACES * _BYTES)
        self._free, self._taken = list(range(_PLACES)), {}

    def place(self, number: int) -> tuple[int, bytes]:
        """Where a number will stand, and as what; for `write`, which does nothing else.

        Raises:
            OSError: there is no place: too many are not written down yet.
        """
        with self._guard:
            if not self._free:
                raise OSError("what was sent cannot be written down")
            place = self._free.pop()
            self._taken[number] = place
        return place * _BYTES, number.to_bytes(_BYTES, "little")

    @property
    def memory(self) -> mmap.mmap:
        """What a number is put into: `memory[at : at + len(number)] = number`, with what `place` said."""
        return self._places

    def forget(self, number: int) -> None:
        """The store knows of it, or it was not handed over after all."""
        with self._guard:
            place = self._taken.pop(number, None)
            if place is not None:
                self._places[place * _BYTES : (place + 1) * _BYTES] = bytes(_BYTES)
                self._free.append(place)

    def close(self) -> None:
        """Close the file; what stands in it stays."""
        self._places.close()

    def _number_at(self, place: int) -> int:
        return int.from_bytes(self._places[place * _BYTES : (place + 1) * _BYTES], "little")
