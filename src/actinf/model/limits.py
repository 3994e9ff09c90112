"""How large a model may be, checked before memory is taken for it.

A few bytes of a file can ask for any amount of memory ("states: 10000000000", a uniform table over a product of
factors).  What is asked for is therefore counted first.  Arrays that a caller already holds are not counted.
"""

from math import prod

from actinf.model.problems import Path, Problems

#: The most factors, modalities or controls of a model.
MAX_PARTS = 4_096

#: The most states of a factor or outcomes of a modality, and the most of all of them in a model.
MAX_NAMES = 1_000_000
MAX_ALL_NAMES = 2_000_000

#: The most actions of a control.
MAX_ACTIONS = 10_000

#: The most factors that a table depends on: an array has no more axes.
MAX_PARENTS = 24

#: The most numbers of the preferences of one modality, all steps of time together.
MAX_PREFERENCES = 10_000_000

#: The most bytes of all tables of one model that are made from rules, cases and sparse statements.
MAX_BYTES = 256 * 2**20

_BYTES_PER_COLUMN = 8
_BYTES_PER_ENTRY = 16


class Allowance:
    """The memory that the tables of one model may still take."""

    def __init__(self, problems: Problems, max_bytes: int = MAX_BYTES):
        self._problems = problems
        self._max_bytes = max_bytes
        self._taken = 0

    def take(self, where: Path, label: str, shape: tuple[int, ...], num_entries: int) -> bool:
        """Reserve the memory of a table with so many entries; False, and a problem noted, when it is too much."""
        needed = prod(shape[1:]) * _BYTES_PER_COLUMN + num_entries * _BYTES_PER_ENTRY
        if self._taken + needed > self._max_bytes:
            self._problems.add(
                where,
                f"{label} has shape {_sizes(shape)} and would take {_amount(needed)}{self._earlier()}: at most"
                f" {_amount(self._max_bytes)} for a model; use fewer states, or let it depend on fewer factors",
            )
            return False
        self._taken += needed
        return True

    def _earlier(self) -> str:
        return f" after {_amount(self._taken)} of other tables" if self._taken else ""


def _sizes(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(f"{size:,}" for size in shape) + ")"


def _amount(size: int) -> str:
    if size < 10**6:
        return f"{size:,} bytes"
    if size < 10**9:
        return f"{size / 10**6:,.0f} MB"
    return f"{size / 10**9:,.0f} GB" if size < 10**18 else f"{float(size):.1e} bytes" if size < 10**300 else "far more"
