"""A grid of cells with walls: going to a place, with moves that may fail and a sensor that may be off."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from actinf.envs.maps import MAX_CELLS, MOVES, Layout, Map
from actinf.envs.settings import probability, whole_number
from actinf.envs.world import World
from actinf.errors import SettingError
from actinf.model import Model

__all__ = ["GridWorld"]

_ANYWHERE = "anywhere"


class GridWorld(World):
    """A walled grid with a goal, moves that may fail and a sensor that may show a neighbouring cell.

    Hidden: `location`, the free cells (`r0c0`, ...), moved by the control `move` (up, right, down, left, stay).
    Observed: `where` (a cell), and `goal` (no, yes), without noise.

    Args:
        width, height: columns and rows of a grid without walls.
        map: rows of `#` (wall), `.` (free), `S` (start) and `G` (goal), in place of `width` and `height`.
        start: [row, column], or "anywhere".  Default: the map's `S`, else the first free cell.
        goal: [row, column].  Default: the map's `G`, else the last free cell.
        slip: the probability that a move fails and the agent stays.
        sensor_noise: the probability that `where` shows one of the free neighbours of the cell.

    Raises:
        SettingError: when a setting is out of its range.
    """

    def __init__(
        self,
        *,
        width: int = 10,
        height: int = 10,
        map: str | Sequence[str] | None = None,  # noqa: A002 -- the setting's name in world files
        start: Sequence[int] | str | None = None,
        goal: Sequence[int] | None = None,
        slip: float = 0.0,
        sensor_noise: float = 0.0,
    ):
        if map is None:
            width = whole_number("GridWorld", "width", width, 1, MAX_CELLS)
            height = whole_number("GridWorld", "height", height, 1, MAX_CELLS // width)
            self.map = Map.open(width, height)
        else:
            self.map = Map.read("GridWorld", map, marks="SG")
        self.slip = probability("GridWorld", "slip", slip)
        self.sensor_noise = probability("GridWorld", "sensor_noise", sensor_noise)
        self.start = None if start == _ANYWHERE else self._place("start", start, "S", 0)
        self.goal = self._place("goal", goal, "G", len(self.map.cells) - 1)
        super().__init__(Model(**self._parts()), name="grid world")

    @property
    def layout(self) -> Layout:
        """Where the cells lie, for plots."""
        return self.map.layout("location")

    def model(self, *, goal: float = 3.0, guidance: float = 0.5) -> Model:
        """The model of an agent that knows this grid and where it starts.

        Args:
            goal: log-preference for being at the goal, in nats.
            guidance: log-preference for each step nearer to the goal, in nats.  It stands in for a horizon as long as
                the way; 0 leaves the goal alone.
        """
        distances = self.map.distances(self.goal)
        far = np.where(distances < 0, len(distances), distances)
        return Model(**self._parts(), C={"goal": {"yes": goal}, "where": -float(guidance) * far})

    def _place(self, name: str, given: object, mark: str, default: int) -> int:
        marked = self.map.marked(mark)
        if given is not None:
            return self.map.state("GridWorld", name, given)
        if len(marked) > 1:
            raise SettingError(f"GridWorld(map=...) has {len(marked)} cells marked {mark}: expected at most one {name}")
        return marked[0] if marked else default

    def _parts(self) -> dict[str, Any]:
        states = self.map.states
        return {
            "name": "grid world",
            "factors": {"location": states},
            "modalities": {"where": states, "goal": ("no", "yes")},
            "controls": {"move": {"factor": "location", "actions": tuple(MOVES)}},
            "A": {
                "where": self.map.sensor(self.sensor_noise),
                "goal": {"default": "no", "cases": [{"when": {"location": states[self.goal]}, "then": "yes"}]},
            },
            "B": {"location": self.map.transitions(tuple(MOVES), self.slip)},
            "D": {"location": "uniform" if self.start is None else states[self.start]},
        }
