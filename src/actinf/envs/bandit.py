"""A bandit with a hint: explore, exploit, or ask; with reversals by schedule or by chance."""

from typing import Any

from actinf.envs.settings import complement, probability, whole_number
from actinf.envs.world import World
from actinf.errors import SettingError
from actinf.model import Model

__all__ = ["Bandit"]


class Bandit(World):
    """A bandit whose better arm is hidden; a hint can be asked for instead of playing.

    Hidden: `choice` (start, hint, arm_1, arm_2, ...), moved by the control `choice` whose actions are called alike; and
    `better`, the better arm.
    Observed: `choice`, `hint` (none, arm_1, ...; only after asking) and `outcome` (none, reward, loss; only after
    playing).

    Args:
        num_arms: how many arms there are.
        reward_probability: the probability of a reward from the better arm, else a loss.
        other_probability: the probability of a reward from each of the others.  Default: 1 - reward_probability.
        hint_validity: the probability that the hint names the better arm; else it names one of the others.
        better: which arm is better, from 1; None draws it anew in each episode.
        volatility: the probability at each step that another arm becomes the better one.

    Raises:
        SettingError: when a setting is out of its range.
    """

    def __init__(
        self,
        *,
        num_arms: int = 2,
        reward_probability: float = 0.8,
        other_probability: float | None = None,
        hint_validity: float = 0.9,
        better: int | None = None,
        volatility: float = 0.0,
    ):
        self.num_arms = whole_number("Bandit", "num_arms", num_arms, 2, 100)
        self.reward_probability = probability("Bandit", "reward_probability", reward_probability)
        if other_probability is None:
            other_probability = complement(self.reward_probability)
        self.other_probability = probability("Bandit", "other_probability", other_probability)
        self.hint_validity = probability("Bandit", "hint_validity", hint_validity)
        self.better = None if better is None else whole_number("Bandit", "better", better, 1, num_arms)
        self.volatility = probability("Bandit", "volatility", volatility)
        self.arms = tuple(f"arm_{arm}" for arm in range(1, num_arms + 1))
        better_arm = "uniform" if self.better is None else self.arms[self.better - 1]
        super().__init__(Model(**self._parts(better_arm)), name="bandit")

    def reversed(self) -> "Bandit":
        """The same bandit with the next arm as the better one (of two: the other one), for block schedules.

        Raises:
            SettingError: when no arm was named as the better one.
        """
        if self.better is None:
            raise SettingError("Bandit(better=None) draws the better arm in each episode: name one to reverse it")
        return Bandit(
            num_arms=self.num_arms,
            reward_probability=self.reward_probability,
            other_probability=self.other_probability,
            hint_validity=self.hint_validity,
            better=self.better % self.num_arms + 1,
            volatility=self.volatility,
        )

    def model(self, *, reward: float = 2.0, loss: float = -2.0) -> Model:
        """The model of an agent that knows the probabilities, but not which arm is better.

        Args:
            reward, loss: log-preferences for the outcomes, in nats, relative to none.
        """
        return Model(**self._parts("uniform"), C={"outcome": {"reward": reward, "loss": loss}})

    def learning_model(self, *, counts: float = 1.0, reward: float = 2.0, loss: float = -2.0) -> Model:
        """The model of an agent that knows nothing of a better arm, and learns the yields (`Learning(A=True)`).

        Args:
            counts: Dirichlet counts of reward and of loss for each arm before anything was seen.
            reward, loss: log-preferences for the outcomes, in nats, relative to none.
        """
        if isinstance(counts, bool) or not isinstance(counts, int | float) or not 0.0 < counts < 1e9:
            raise SettingError(f"learning_model(counts={counts!r}): expected a number above 0")
        yields = {"when": {"choice": list(self.arms)}, "then": {"reward": counts, "loss": counts}}
        return Model(
            name="bandit, learning",
            factors={"choice": self._choices},
            modalities={"choice": self._choices, "outcome": ("none", "reward", "loss")},
            controls={"choice": self._choices},
            A={"choice": "identity"},
            pA={"outcome": {"default": {"none": 1.0}, "cases": [yields]}},
            B={"choice": {"deterministic": "by_name"}},
            C={"outcome": {"reward": reward, "loss": loss}},
            D={"choice": "start"},
        )

    @property
    def _choices(self) -> tuple[str, ...]:
        return ("start", "hint", *self.arms)

    def _parts(self, better: str) -> dict[str, Any]:
        num_others = self.num_arms - 1
        wrong, change = complement(self.hint_validity) / num_others, self.volatility / num_others
        hints, outcomes, changes = [], [], []
        for best in self.arms:
            told = {arm: self.hint_validity if arm == best else wrong for arm in self.arms}
            hints.append({"when": {"choice": "hint", "better": best}, "then": told})
            kept = {arm: complement(self.volatility) if arm == best else change for arm in self.arms}
            changes.append({"when": {"better": best}, "then": kept})
            for arm in self.arms:
                p = self.reward_probability if arm == best else self.other_probability
                outcomes.append({"when": {"choice": arm, "better": best}, "then": {"reward": p, "loss": complement(p)}})
        return {
            "name": "bandit",
            "factors": {"choice": self._choices, "better": self.arms},
            "modalities": {
                "choice": self._choices,
                "hint": ("none", *self.arms),
                "outcome": ("none", "reward", "loss"),
            },
            "controls": {"choice": self._choices},
            "A_dependencies": {
                "choice": ["choice"],
                "hint": ["choice", "better"],
                "outcome": ["choice", "better"],
            },
            "A": {
                "choice": "identity",
                "hint": {"default": "none", "cases": hints},
                "outcome": {"default": "none", "cases": outcomes},
            },
            "B": {"choice": {"deterministic": "by_name"}, "better": {"cases": changes}},
            "D": {"choice": "start", "better": better},
        }
