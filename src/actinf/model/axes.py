"""What the rows and the columns of one table are called, so that rules can be expanded and mistakes be named."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from actinf.model.records import Control, Factor


@dataclass(frozen=True)
class Axes:
    """The axes of `A[m]`, `B[f]` or of their counts.

    Attributes:
        label: the table as messages call it: `A['cue']`.
        owner: what the rows belong to: `modality 'cue'` or `factor 'location'`.
        rows: the names of the rows.
        parents: the factors that the table depends on, in order.
        transition: whether this is a transition table, which always has a last axis for actions.
        own: the position among `parents` of the factor that a transition table moves; None when it is not there.
        control: the control that moves that factor; None when nothing does.
        counts: whether this is a table of Dirichlet counts, whose columns need not sum to one.
    """

    label: str
    owner: str
    rows: tuple[str, ...]
    parents: tuple[Factor, ...]
    transition: bool = False
    own: int | None = None
    control: Control | None = None
    counts: bool = False

    @property
    def row_kind(self) -> str:
        """What one row is called: a state or an outcome."""
        return "state" if self.transition else "outcome"

    @property
    def actions(self) -> tuple[str, ...]:
        """The names on the last axis of a transition table; none for a likelihood or without a control."""
        return self.control.actions if self.control else ()

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """(rows, *parents) of a likelihood, (rows, *parents, actions or 1) of a transition table."""
        parents = tuple(len(parent.states) for parent in self.parents)
        return (len(self.rows), *parents, *((max(1, len(self.actions)),) if self.transition else ()))

    @cached_property
    def row_places(self) -> dict[str, int]:
        """The position of every row by its name."""
        return positions(self.rows)

    @cached_property
    def column_places(self) -> tuple[dict[str, int], ...]:
        """The positions of the states of each parent, and of the actions if there are any, by their names."""
        names = [parent.states for parent in self.parents] + ([self.actions] if self.actions else [])
        return tuple(map(positions, names))

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of `shape` states this table; the last axis may be left out where nothing is controlled."""
        return shape == self.shape or (self.transition and self.control is None and shape == self.shape[:-1])

    def reason(self, shape: tuple[int, ...]) -> str:
        """Why `shape` is not the shape of this table, in words."""
        if len(shape) != len(self.shape):
            parents = " and ".join(repr(parent.name) for parent in self.parents) or "no factor"
            moved = f" and is moved by control {self.control.name!r}" if self.control else ""
            return f"it depends on {parents}{moved}"
        at = next(i for i, (given, expected) in enumerate(zip(shape, self.shape, strict=True)) if given != expected)
        if at == 0:
            return f"{self.owner} has {len(self.rows):,} {self.row_kind}s"
        if at <= len(self.parents):
            return f"factor {self.parents[at - 1].name!r} has {len(self.parents[at - 1].states):,} states"
        if self.control:
            return f"control {self.control.name!r} has {len(self.actions):,} actions"
        return f"no control moves {self.owner} (name its actions in `controls`)"

    def column_name(self, column: int) -> str:
        """A column by the names of its states: `location='cue', context='left'`."""
        places = np.unravel_index(column, self.shape[1:])
        parts = [f"{parent.name}={parent.states[place]!r}" for parent, place in zip(self.parents, places, strict=False)]
        if self.control:
            parts.append(f"action={self.actions[int(places[-1])]!r}")
        return ", ".join(parts) or "its only column"


def positions(names: tuple[str, ...]) -> dict[str, int]:
    """The position of every name."""
    return {name: at for at, name in enumerate(names)}


def as_name(given: object) -> object:
    """What is given where a name is expected: a whole number stands for the name that is written alike."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given
