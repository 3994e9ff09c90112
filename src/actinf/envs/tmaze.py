"""The T-maze: whether to ask the cue first is the smallest question of information against reward."""

from typing import Any

from actinf.envs.maps import Layout
from actinf.envs.settings import complement, probability
from actinf.envs.world import World
from actinf.errors import SettingError
from actinf.model import Model

__all__ = ["TMaze"]

_LOCATIONS = ("centre", "cue", "left", "right")
_ARMS = ("left", "right")


class TMaze(World):
    """A T-maze with a reward in one arm, a loss in the other, and a cue that tells which.

    Hidden: `location` (centre, cue, left, right), moved by the control `location` whose actions are called like the
    places; and `context`, the arm that holds the reward, drawn anew in each episode.
    Observed: `where` (the location), `cue` (none, left, right; only at the cue), `outcome` (none, reward, loss; only in
    the arms).

    Args:
        cue_validity: the probability that the cue tells the truth.
        reward_probability: the probability of a reward in the right arm and of a loss in the wrong one.
        absorbing: whether whoever enters an arm stays there.

    Raises:
        SettingError: when a setting is out of its range.
    """

    def __init__(self, *, cue_validity: float = 0.95, reward_probability: float = 0.98, absorbing: bool = True):
        self.cue_validity = probability("TMaze", "cue_validity", cue_validity)
        self.reward_probability = probability("TMaze", "reward_probability", reward_probability)
        if not isinstance(absorbing, bool):
            raise SettingError(f"TMaze(absorbing={absorbing!r}): expected true or false")
        self.absorbing = absorbing
        super().__init__(Model(**self._parts()), name="T-maze")

    @property
    def layout(self) -> Layout:
        """Where the locations lie, for plots."""
        return Layout("location", (2, 3), ((0, 1), (1, 1), (0, 0), (0, 2)))

    def model(self, *, reward: float = 2.0, loss: float = -3.0) -> Model:
        """The model of an agent that knows this maze, but not the context.

        Args:
            reward, loss: log-preferences for the outcomes, in nats, relative to none.
        """
        return Model(**self._parts(), C={"outcome": {"reward": reward, "loss": loss}})

    def _parts(self) -> dict[str, Any]:
        v, p = self.cue_validity, self.reward_probability
        cues, outcomes = [], []
        for context, other in (_ARMS, _ARMS[::-1]):
            cues.append({"when": {"location": "cue", "context": context}, "then": {context: v, other: complement(v)}})
            for arm, good in ((context, p), (other, complement(p))):
                outcomes.append(
                    {"when": {"location": arm, "context": context}, "then": {"reward": good, "loss": complement(good)}}
                )
        leaving = [place for place in _LOCATIONS if not (self.absorbing and place in _ARMS)]
        return {
            "name": "T-maze",
            "factors": {"location": _LOCATIONS, "context": _ARMS},
            "modalities": {
                "where": _LOCATIONS,
                "cue": ("none", "left", "right"),
                "outcome": ("none", "reward", "loss"),
            },
            "controls": {"location": _LOCATIONS},
            "A_dependencies": {
                "where": ["location"],
                "cue": ["location", "context"],
                "outcome": ["location", "context"],
            },
            "A": {
                "where": "identity",
                "cue": {"default": "none", "cases": cues},
                "outcome": {"default": "none", "cases": outcomes},
            },
            "B": {
                "location": {"deterministic": {to: dict.fromkeys(leaving, to) for to in _LOCATIONS}},
                "context": "identity",
            },
            "D": {"location": "centre"},
        }
