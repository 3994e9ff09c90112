"""Filling the flat buffers: the header of section bounds, views of sections for Python, the frame of a call."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actinf.kernels import layout as L

__all__ = ["BufferPlan", "Frame", "section_slice", "view"]

BUFFERS = {
    "ints": (L.F_INTS, np.int64),
    "theta": (L.F_THETA, None),
    "own": (L.F_OWN, np.int64),
    "own_theta": (L.F_OWN_THETA, None),
    "carry": (L.F_CARRY, None),
    "x": (L.F_X, np.int64),
    "wf": (L.F_WF, None),
    "wi": (L.F_WI, np.int64),
    "plans": (L.F_PLANS, None),
    "slots": (L.F_SLOTS, np.int64),
    "world": (L.F_WORLD, np.int64),
    "numbers": (L.F_NUMBERS, np.float64),
    "hidden": (L.F_HIDDEN, np.int64),
    "memory": (L.F_MEMORY, np.float64),
    "job": (L.F_JOB, np.int64),
    "obs": (L.F_RECORD_OBS, np.int32),
    "action": (L.F_RECORD_ACTION, np.int32),
    "state": (L.F_RECORD_STATE, np.int32),
    "qs": (L.F_RECORD_QS, None),
    "q_pi": (L.F_RECORD_Q_PI, None),
    "G": (L.F_RECORD_G, None),
    "F": (L.F_RECORD_F, None),
    "failed": (L.F_FAILED, np.int64),
}


class BufferPlan:
    """Collects sections, then writes `ints` with its header; knows how long every other buffer has to be.

    A section is given with its contents (`put`, for `ints`) or only with its length (`reserve`, for a buffer named by a
    word: "theta", "carry", "out", "x", "wf", "wi").  Sections that are never named are empty.
    """

    def __init__(self) -> None:
        self._contents: list[tuple[int, NDArray[np.int64]]] = []
        self._bounds = np.zeros(2 * L.NUM_SECTIONS, dtype=np.int64)
        self.lengths: dict[str, int] = {}

    def put(self, section: int, values: ArrayLike) -> None:
        """A section of `ints` with these contents."""
        self._contents.append((section, np.asarray(values, dtype=np.int64).ravel()))

    def reserve(self, buffer: str, section: int, length: int) -> None:
        """A section of another buffer with this length; sections lie in the order in which they are reserved."""
        begin = self.lengths.get(buffer, 0)
        self._bounds[2 * section : 2 * section + 2] = begin, begin + length
        self.lengths[buffer] = begin + length

    def ints(self) -> NDArray[np.int64]:
        """The finished buffer of integers."""
        cursor = len(self._bounds)
        for section, values in self._contents:
            self._bounds[2 * section : 2 * section + 2] = cursor, cursor + len(values)
            cursor += len(values)
        return np.concatenate([self._bounds, *(values for _, values in self._contents)])


class Frame:
    """The buffers of a call of the compiled loop, by address: Numba takes longer over twenty arrays than over a step.

    It keeps the arrays alive.  What is never put has no entries.

    Attributes:
        words: (2 · buffers,) address and number of entries of each, as the loop reads them.
    """

    def __init__(self, dtype: str, **buffers: NDArray[Any]):
        self.words = np.zeros(2 * L.NUM_BUFFERS, dtype=np.int64)
        self._dtype = np.dtype(dtype)
        self._kept: dict[str, NDArray[Any]] = {}
        self.put(**buffers)

    def __reduce__(self) -> Any:
        raise TypeError("a frame holds addresses, which are nothing to a copy of it: make another one")

    def put(self, **buffers: NDArray[Any]) -> None:
        """Set or replace buffers.

        Raises:
            TypeError: for an array of another type than the loop expects, or one that does not lie in one piece.
        """
        for name, buffer in buffers.items():
            place, kind = BUFFERS[name]
            expected = self._dtype if kind is None else np.dtype(kind)
            if buffer.dtype != expected or not buffer.flags.c_contiguous:
                raise TypeError(
                    f"the buffer {name!r} is {buffer.dtype} {buffer.strides}: expected contiguous {expected}"
                )
            self.words[2 * place : 2 * place + 2] = buffer.__array_interface__["data"][0], buffer.size
            self._kept[name] = buffer


def section_slice(ints: NDArray[np.int64], section: int) -> slice:
    """Where a section lies in its buffer."""
    return slice(int(ints[2 * section]), int(ints[2 * section + 1]))


def view(buffer: NDArray[Any], ints: NDArray[np.int64], section: int) -> NDArray[Any]:
    """The last axis of a buffer cut to a section."""
    return buffer[..., ints[2 * section] : ints[2 * section + 1]]
