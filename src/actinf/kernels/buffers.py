"""Filling the flat buffers: the header of section bounds, and the views that Python needs of them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actinf.kernels import layout as L

__all__ = ["BufferPlan", "section_slice", "view"]


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


def section_slice(ints: NDArray[np.int64], section: int) -> slice:
    """Where a section lies in its buffer."""
    return slice(int(ints[2 * section]), int(ints[2 * section + 1]))


def view(buffer: NDArray[Any], ints: NDArray[np.int64], section: int) -> NDArray[Any]:
    """The last axis of a buffer cut to a section."""
    return buffer[..., ints[2 * section] : ints[2 * section + 1]]
