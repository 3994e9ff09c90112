"""What is known of a type of incident: its generative model, and the agent that thinks with it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.advise.counts import Counts
from actinf.agent import Agent
from actinf.errors import AdviceError
from actinf.inference.exact import Exact
from actinf.model import Model
from actinf.planning.exhaustive import Exhaustive

__all__ = ["CAUSE", "STEP", "TYPES", "Knowledge", "knowledge"]

Floats = NDArray[np.float64]

TYPES = ("api_down", "database_performance", "high_memory", "security")

#: The two factors, and the modalities that are no check.
CAUSE, STEP = "cause", "step"
SERVICE, MINUTES, HARM = "service", "minutes", "harm"
BETTER = "better"
#: The outcome of a check, or of a resolution, that was not done.
_IDLE = ("not-looked", "untouched")


@dataclass(frozen=True, eq=False)
class Knowledge:
    """A type of incident.

    Attributes:
        kind: its name.
        model: with the factors `cause` and `step`; a modality for each check, by its name, and beside them `service`,
            `minutes` and `harm`.
        needs: resolution → the check that names what it is done to: without it there is nothing to revoke, or to end.
    """

    kind: str
    model: Model
    needs: Mapping[str, str]

    @cached_property
    def agent(self) -> Agent:
        """Infers the cause exactly, and evaluates each step that could be next."""
        return Agent(self.model, inference=Exact(), planner=Exhaustive(horizon=1))

    @cached_property
    def causes(self) -> tuple[str, ...]:
        """The states of the factor `cause`."""
        return self.model.factors[CAUSE].states

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """All that can be done, in the order of the agent's actions: that of the runbook."""
        return self.model.controls[STEP].actions

    @cached_property
    def checks(self) -> tuple[str, ...]:
        """The steps that show something and change nothing."""
        return tuple(step for step in self.steps if step in self.model.modalities.names)

    @cached_property
    def resolutions(self) -> tuple[str, ...]:
        """The steps that are to make it better."""
        return tuple(step for step in self.steps if step not in self.model.modalities.names)

    def modality(self, step: str) -> str:
        """The modality in which a step shows something."""
        return step if step in self.checks else SERVICE

    def outcomes(self, step: str) -> tuple[str, ...]:
        """What a step can show."""
        return tuple(one for one in self.model.modalities[self.modality(step)].outcomes if one not in _IDLE)

    @cached_property
    def likelihood(self) -> Mapping[str, Floats]:
        """Step → P(outcome | cause), (outcomes, causes), the outcomes as in `outcomes`."""
        states, found = self.model.factors[STEP].states, {}
        for step in self.steps:
            table = self.model.A[self.modality(step)].dense()
            found[step] = table[1:, states.index(step), :]
        return found

    def log_preferences(self, modality: str) -> Floats:
        """ln p(outcome) by preference alone, normalised: softmax of C, in nats."""
        preferences = self.model.C[modality][0]
        return np.asarray(preferences - np.logaddexp.reduce(preferences))

    @cached_property
    def minutes(self) -> Mapping[str, float]:
        """Step → minutes that it is expected to take."""
        names = self.model.modalities[MINUTES].outcomes
        length = np.array([0.0 if name == "none" else float(name.removesuffix("min")) for name in names])
        expected = length @ self.model.A[MINUTES].dense()
        return {step: float(expected[self.model.factors[STEP].states.index(step)]) for step in self.steps}

    @cached_property
    def harm(self) -> Mapping[str, Floats]:
        """Step → P(it does harm of its own | cause), (causes,)."""
        risk = self.model.A[HARM].dense()[1]
        by_cause = risk if risk.ndim > 1 else np.repeat(risk[:, None], len(self.causes), axis=1)
        return {step: by_cause[self.model.factors[STEP].states.index(step)] for step in self.steps}

    @cached_property
    def harm_minutes(self) -> float:
        """Minutes that harm counts as, by the preferences: what it costs, in the price of a minute."""
        minutes, harm = self.model.modalities[MINUTES], self.model.modalities[HARM]
        price = -self.model.C[MINUTES][0][minutes.outcomes.index("1min")]
        return float(-self.model.C[HARM][0][harm.outcomes.index("harm")] / price)

    def taught(self, counts: Counts) -> Knowledge:
        """The same with what closed incidents taught: their counts added to pA and pD.

        Raises:
            AdviceError: a cause, step or outcome is not known.
        """
        if not counts.causes and not counts.outcomes:
            return self
        before = self.model
        pD = np.array(before.pD[CAUSE], dtype=np.float64)
        for cause, count in counts.causes.items():
            pD[self._place("cause", cause, self.causes)] += count
        pA: dict[str, Any] = {
            name: table.dense() for name, table in zip(before.pA.names, before.pA) if table is not None
        }
        steps = before.factors[STEP].states
        for step, by_cause in counts.outcomes.items():
            self._place("step", step, self.steps)
            table, outcomes = pA[self.modality(step)], self.outcomes(step)
            for cause, seen in by_cause.items():
                column = table[:, steps.index(step), self._place("cause", cause, self.causes)]
                for outcome, count in seen.items():
                    column[1 + self._place(f"outcome of {step!r}", outcome, outcomes)] += count
        model = Model(
            factors=list(before.factors),
            modalities=list(before.modalities),
            controls=list(before.controls),
            A={name: before.A[name] for name in before.modalities.names if name not in pA},
            B=dict(zip(before.factors.names, before.B)),
            C=dict(zip(before.modalities.names, before.C)),
            D={STEP: before.D[STEP]},
            pA=pA,
            pD={CAUSE: pD},
            A_dependencies=_named(before.modalities.names, before.A_dependencies, before.factors.names),
            B_dependencies=_named(before.factors.names, before.B_dependencies, before.factors.names),
            name=before.name,
        )
        return Knowledge(self.kind, model, self.needs)

    def _place(self, what: str, name: str, known: tuple[str, ...]) -> int:
        if name not in known:
            raise AdviceError(f"{self.kind} has no {what} {name[:60]!r}: expected one of {', '.join(known)}")
        return known.index(name)


def _named(of: tuple[str, ...], dependencies: Any, factors: tuple[str, ...]) -> dict[str, list[str]]:
    return {name: [factors[at] for at in places] for name, places in zip(of, dependencies)}


@lru_cache(maxsize=16)
def knowledge(kind: str) -> Knowledge:
    """What is known of a type of incident before any was seen.

    Raises:
        AdviceError: nothing is.
    """
    if kind not in TYPES:
        raise AdviceError(f"nothing is known of incidents of type {kind[:60]!r}: expected one of {', '.join(TYPES)}")
    folder = files("actinf.advise") / "models"
    needs = tomllib.loads((folder / "needs.toml").read_text(encoding="utf-8"))[kind]
    with as_file(folder / f"{kind}.yaml") as path:
        return Knowledge(kind, Model.load(path), needs)
