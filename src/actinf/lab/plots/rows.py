"""Which rows of a large table a picture shows: those that matter, and how much the rest holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "pick_rows", "unbroken"]

_FEW = 6
_NEGLIGIBLE = 0.005
_TIED = 1e-9


def unbroken(falling: NDArray[np.float64], most: int, *, least: float = -np.inf) -> int:
    """How many of the first values to show: about `most`, and no tie broken where a few more or fewer will do.

    Args:
        falling: the values by which rows are chosen, the largest first.
        most: how many are wanted.
        least: values below do not count, as long as there are some above.
    """
    count = min(most, len(falling), int(np.count_nonzero(falling >= least)) or most)
    if count == len(falling):
        return count
    last = falling[count - 1]
    begin = int(np.count_nonzero(falling > last + _TIED))
    end = begin + int(np.count_nonzero(np.abs(falling - last) <= _TIED)) if np.isfinite(last) else count
    if end <= most + _FEW:
        return end
    return begin if begin >= most // 2 else count


@dataclass(frozen=True)
class Rows:
    """A choice of rows.

    Attributes:
        shown: indices of the shown rows, in their own order.
        total: number of all rows.
        rest: probability of all rows that are not shown, at each time; `None` when all are shown.
    """

    shown: NDArray[np.int64]
    total: int
    rest: NDArray[np.float64] | None

    @property
    def hidden(self) -> int:
        """Number of rows that are not shown."""
        return self.total - len(self.shown)

    def table(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The shown rows of (time, row) as (row, time), with the sum of the others as a last row."""
        shown = np.asarray(values, dtype=np.float64)[:, self.shown].T
        return shown if self.rest is None else np.vstack([shown, self.rest])

    def labels(self, names: list[str], kind: str) -> list[str]:
        """Names of the shown rows, and `"96 other states"` for the others."""
        labels = [names[index] for index in self.shown]
        return labels if self.rest is None else [*labels, f"{self.hidden:,} other {kind}"]


def pick_rows(values: NDArray[Any], *, most: int, keep: Iterable[int] = ()) -> Rows:
    """Choose the rows that ever hold the most probability, so that of rows that tie all are shown or none, if possible.

    Args:
        values: probabilities (time, row).
        most: about how many rows to show; those in `keep` come first.
        keep: rows to show in any case.
    """
    total = values.shape[1]
    if total <= most + _FEW:
        return Rows(np.arange(total), total, None)
    peak = np.asarray(values, dtype=np.float64).max(axis=0)
    kept = list(dict.fromkeys(index for index in keep if 0 <= index < total))[:most]
    peak[kept] = np.inf
    order = np.argsort(-peak, kind="stable")
    shown = np.sort(order[: unbroken(peak[order], most, least=_NEGLIGIBLE)])
    rest = 1.0 - np.asarray(values, dtype=np.float64)[:, shown].sum(axis=1)
    return Rows(shown, total, np.clip(rest, 0.0, 1.0))
