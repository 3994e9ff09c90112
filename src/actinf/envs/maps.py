"""Maps of cells: read from a text, and turned into the states, the moves and the noisy sensor of a grid.

A map is a text of rows.  `#` is a wall, `.` a free cell; what other marks mean is the world's affair.  Free cells are
the states, in reading order, named by row and column from 0: `r0c3`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from actinf.envs.settings import complement
from actinf.errors import SettingError

__all__ = ["MOVES", "Layout", "Map"]

#: The moves by name: rows down, columns to the right.
MOVES = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1), "stay": (0, 0)}

MAX_CELLS = 250_000

_WALL = "#"
_FREE = "."


@dataclass(frozen=True)
class Layout:
    """Where the states of one factor lie, for plots.

    Attributes:
        factor: the name of the factor.
        shape: rows and columns.
        cells: the row and the column of each state; None for a state that lies nowhere.
    """

    factor: str
    shape: tuple[int, int]
    cells: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class Map:
    """Free cells on a rectangle.

    Attributes:
        rows: the marks of each row, all of one length.
    """

    rows: tuple[str, ...]

    @classmethod
    def read(cls, world: str, given: object, marks: str) -> "Map":
        """The map that a setting states, a text or a list of rows, in which `marks` may stand beside `#` and `.`.

        Raises:
            SettingError: when the rows differ in length, hold another mark, or leave no cell free.
        """
        rows = given.split() if isinstance(given, str) else given
        if not isinstance(rows, Sequence) or not rows or not all(isinstance(row, str) and row for row in rows):
            raise SettingError(f"{world}(map=...): expected a text, or a list of texts, one for each row")
        width = len(rows[0])
        for at, row in enumerate(rows):
            if len(row) != width:
                raise SettingError(f"{world}(map=...) has {len(row)} cells in row {at}: expected {width}, as in row 0")
            for mark in row:
                if mark not in _WALL + _FREE + marks:
                    raise SettingError(
                        f"{world}(map=...) has the mark {mark!r} in row {at}: expected one of"
                        f" {' '.join(_WALL + _FREE + marks)}"
                    )
        made = cls(tuple(rows))
        if not 1 <= len(made.cells) <= MAX_CELLS:
            raise SettingError(f"{world}(map=...) has {len(made.cells):,} free cells: expected 1 to {MAX_CELLS:,}")
        return made

    @classmethod
    def open(cls, width: int, height: int) -> "Map":
        """A rectangle without walls."""
        return cls((_FREE * width,) * height)

    @cached_property
    def cells(self) -> tuple[tuple[int, int], ...]:
        """Row and column of each free cell, in reading order."""
        return tuple((r, c) for r, row in enumerate(self.rows) for c, mark in enumerate(row) if mark != _WALL)

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The names of the free cells."""
        return tuple(f"r{row}c{column}" for row, column in self.cells)

    @cached_property
    def _state_at(self) -> dict[tuple[int, int], int]:
        return {cell: state for state, cell in enumerate(self.cells)}

    def marked(self, mark: str) -> tuple[int, ...]:
        """The states whose cells bear `mark`, in reading order."""
        return tuple(state for state, (row, column) in enumerate(self.cells) if self.rows[row][column] == mark)

    def layout(self, factor: str) -> Layout:
        """Where the states lie, for plots."""
        return Layout(factor, (len(self.rows), len(self.rows[0])), self.cells)

    def state(self, world: str, name: str, value: object) -> int:
        """The state of the cell that a setting states as (row, column).

        Raises:
            SettingError: when there is no free cell.
        """
        cell = tuple(value) if isinstance(value, list | tuple) and all(isinstance(at, int) for at in value) else ()
        if cell not in self._state_at:
            raise SettingError(
                f"{world}({name}={value!r}): expected [row, column] of a free cell, rows 0 to {len(self.rows) - 1} and"
                f" columns 0 to {len(self.rows[0]) - 1}"
            )
        return self._state_at[cell[0], cell[1]]

    def targets(self, moves: Sequence[str]) -> NDArray[np.int64]:
        """Where each move leads from each state, (num_states, num_moves): nowhere when a wall is in the way."""
        found = np.empty((len(self.cells), len(moves)), dtype=np.int64)
        for at, move in enumerate(moves):
            down, right = MOVES[move]
            found[:, at] = [
                self._state_at.get((row + down, column + right), state)
                for state, (row, column) in enumerate(self.cells)
            ]
        return found

    def transitions(self, moves: Sequence[str], slip: float) -> dict[str, NDArray[np.float64]]:
        """P(cell | cell, move), sparse: the move happens, or with probability `slip` nothing does."""
        targets = self.targets(moves)
        states, actions = (part.ravel() for part in np.indices(targets.shape))
        target = targets.ravel()
        still = target == states
        happens = np.column_stack([target, states, actions, np.where(still, 1.0, complement(slip))])
        fails = np.column_stack([states, states, actions, np.full(len(states), slip)])[~still]
        return {"sparse": np.concatenate([happens, fails])}

    def sensor(self, noise: float) -> dict[str, NDArray[np.float64]]:
        """P(cell seen | cell), sparse: the cell itself, or with probability `noise` one of its free neighbours."""
        targets = self.targets(("up", "right", "down", "left"))
        states = np.arange(len(targets))
        neighbour = targets != states[:, None]
        count = neighbour.sum(axis=1)
        itself = np.column_stack([states, states, np.where(count, complement(noise), 1.0)])
        cell, direction = np.nonzero(neighbour)
        others = np.column_stack([targets[cell, direction], cell, noise / count[cell]])
        return {"sparse": np.concatenate([itself, others])}

    def distances(self, goal: int) -> NDArray[np.int64]:
        """How many moves each state is from `goal`; -1 where there is no way."""
        targets = self.targets(("up", "right", "down", "left"))
        found = np.full(len(targets), -1, dtype=np.int64)
        found[goal] = 0
        frontier = np.array([goal])
        while len(frontier):
            reached = np.unique(targets[frontier])
            reached = reached[found[reached] < 0]
            found[reached] = found[frontier[0]] + 1
            frontier = reached
        return found
