"""Which rows of a large table a picture shows: those that matter, and how much the rest holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "pick_rows"]


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
    """Choose the rows that ever hold the most probability.

    Args:
        values: probabilities (time, row).
        most: how many rows to show at most; those in `keep` come first.
        keep: rows to show in any case.
    """
    total = values.shape[1]
    if total <= most:
        return Rows(np.arange(total), total, None)
    peak = np.asarray(values, dtype=np.float64).max(axis=0)
    kept = list(dict.fromkeys(index for index in keep if 0 <= index < total))[:most]
    peak[kept] = np.inf
    shown = np.sort(np.argsort(-peak, kind="stable")[:most])
    rest = 1.0 - np.asarray(values, dtype=np.float64)[:, shown].sum(axis=1)
    return Rows(shown, total, np.clip(rest, 0.0, 1.0))
