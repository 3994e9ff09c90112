"""Epistemic chaining: a cue tells where the next cue is, and the last one where the reward is."""

from collections.abc import Sequence
from typing import Any

from actinf.envs.maps import MOVES, Layout, Map
from actinf.envs.settings import complement, probability
from actinf.envs.world import World
from actinf.errors import SettingError
from actinf.model import Model

__all__ = ["CueChain"]

_MOVES = tuple(move for move in MOVES if move != "stay")
_MAP = """
    ..S..
    .....
    2.1.2
    .2.2.
    .....
    3...3
    .3.3.
    .....
    .R.R.
    .....
"""


class CueChain(World):
    """A grid on which each cue tells where the next one is, and the last one which place holds the reward.

    Hidden: `location`, the free cells, moved by the control `move` (up, right, down, left); `cue_2`, `cue_3`, ..., the
    places of the further cues; and `reward`, the place of the reward.  All but the location are drawn anew in each
    episode.  The first cue stands at a place that is known.
    Observed: `where` (the location); `cue_1`, `cue_2`, ... (nothing, or the place that the cue names; only where the
    cue is); and `outcome` (none, reward, loss; only at the places that may hold the reward).

    Args:
        map: rows of `#` (wall), `.` (free), `S` (start), `1` (the first cue), `2` to `9` (where the further cues may
            be) and `R` (where the reward may be).  Default: 10 rows of 5 cells, with three cues at 1, 4 and 4 places
            and a reward at 2.
        cue_validity: the probability that a cue names the right place; else it names one of the others.
        reward_probability: the probability of a reward at its place, and of a loss at the other places.

    Raises:
        SettingError: when a setting is out of its range, or the map lacks a part of the chain.
    """

    def __init__(
        self,
        *,
        map: str | Sequence[str] = _MAP,  # noqa: A002 -- the setting's name in world files
        cue_validity: float = 1.0,
        reward_probability: float = 1.0,
    ):
        self.map = Map.read("CueChain", map, marks="S123456789R")
        self.cue_validity = probability("CueChain", "cue_validity", cue_validity)
        self.reward_probability = probability("CueChain", "reward_probability", reward_probability)
        self.cues = self._cues()
        self.rewards = self._places("R", "places of the reward", 2, 64)
        self.start = self._places("S", "start", 1, 1)[0]
        super().__init__(Model(**self._parts()), name="cue chain")

    @property
    def layout(self) -> Layout:
        """Where the cells lie, for plots."""
        return self.map.layout("location")

    def model(self, *, reward: float = 3.0, loss: float = -3.0) -> Model:
        """The model of an agent that knows the map, but not which of the places hold a cue or the reward.

        Args:
            reward, loss: log-preferences for the outcomes, in nats, relative to none.
        """
        return Model(**self._parts(), C={"outcome": {"reward": reward, "loss": loss}})

    def _cues(self) -> list[tuple[str, ...]]:
        """The places of each cue, by name."""
        cues = [self._places("1", "the first cue", 1, 1)]
        for mark in "23456789":
            if not self.map.marked(mark):
                break
            cues.append(self._places(mark, f"places of cue {mark}", 1, 64))
        unused = [mark for mark in "23456789"[len(cues) - 1 :] if self.map.marked(mark)]
        if unused:
            raise SettingError(f"CueChain(map=...) marks places of cue {unused[0]}, but none of cue {len(cues) + 1}")
        return cues

    def _places(self, mark: str, what: str, least: int, most: int) -> tuple[str, ...]:
        found = self.map.marked(mark)
        if not least <= len(found) <= most:
            expected = f"{least}" if least == most else f"{least} to {most}"
            raise SettingError(f"CueChain(map=...) has {len(found)} cells marked {mark} ({what}): expected {expected}")
        return tuple(self.map.states[state] for state in found)

    def _parts(self) -> dict[str, Any]:
        states = self.map.states
        hidden = {f"cue_{at}": places for at, places in enumerate(self.cues[1:], 2)} | {"reward": self.rewards}
        names = list(hidden)
        outcomes: dict[str, Any] = {"where": states}
        tables: dict[str, Any] = {"where": "identity"}
        dependencies: dict[str, list[str]] = {"where": ["location"]}
        for at, places in enumerate(self.cues):
            told, own = names[at], [] if at == 0 else [names[at - 1]]
            outcomes[f"cue_{at + 1}"] = ("nothing", *hidden[told])
            dependencies[f"cue_{at + 1}"] = ["location", *own, told]
            tables[f"cue_{at + 1}"] = {"default": "nothing", "cases": self._cases(places, own, told, hidden[told])}
        outcomes["outcome"] = ("none", "reward", "loss")
        dependencies["outcome"] = ["location", "reward"]
        tables["outcome"] = {"default": "none", "cases": self._rewards()}
        return {
            "name": "cue chain",
            "factors": {"location": states, **hidden},
            "modalities": outcomes,
            "controls": {"move": {"factor": "location", "actions": _MOVES}},
            "A_dependencies": dependencies,
            "A": tables,
            "B": {"location": self.map.transitions(_MOVES, 0.0), **dict.fromkeys(hidden, "identity")},
            "D": {"location": self.start},
        }

    def _cases(self, places: Sequence[str], own: list[str], told: str, targets: Sequence[str]) -> list[dict[str, Any]]:
        """What a cue shows, wherever it is and whatever it tells."""
        wrong = complement(self.cue_validity) / max(1, len(targets) - 1)
        right = self.cue_validity if len(targets) > 1 else 1.0
        return [
            {
                "when": {"location": place, told: target, **dict.fromkeys(own, place)},
                "then": {other: right if other == target else wrong for other in targets},
            }
            for place in places
            for target in targets
        ]

    def _rewards(self) -> list[dict[str, Any]]:
        p = self.reward_probability
        return [
            {
                "when": {"location": place, "reward": target},
                "then": {"reward": p, "loss": complement(p)}
                if place == target
                else {"reward": complement(p), "loss": p},
            }
            for place in self.rewards
            for target in self.rewards
        ]
