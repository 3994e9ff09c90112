"""Why did it act?  The expected free energy of every policy at one step, taken apart, and said in words.

`Terms` holds the parts of G by term, modality (or factor) and time; `Reasons` adds what the agent saw, believed and
did.  How a recorded agent is led back to that step is the work of `actinf.lab.replay`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from actinf.agent import Agent, Explanation, Step

__all__ = ["MEANING", "Part", "Reasons", "Terms"]

FloatArray = NDArray[np.float64]

MEANING = {
    "risk": "how far the predicted outcomes are from the preferred ones",
    "ambiguity": "how uncertain the outcomes would be even if the states were known",
    "novelty of A": "what the agent expects to learn about how outcomes arise",
    "novelty of B": "what the agent expects to learn about how states change",
}
"""The terms of the expected free energy, in words."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One summand of G.

    Attributes:
        term: `"risk"`, `"ambiguity"`, `"novelty of A"` or `"novelty of B"`.
        about: the modality, or for the novelty of B the transitions as a whole.
        ahead: how many steps ahead, from 1.
        values: its size for each policy, in nats; it lowers G where it is negative.
    """

    term: str
    about: str
    ahead: int
    values: FloatArray


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The expected free energy of all policies at one step, as a sum of parts.

    Attributes:
        labels: what each policy is called.
        policies: actions (policy, horizon, control).
        G: expected free energy (policy,), nats.
        q_pi: posterior (policy,).
        log_E: log-prior of the policies (policy,), zeros where there is none.
        gamma: policy precision.
        details: all summands that are not zero for every policy.
    """

    labels: tuple[str, ...]
    policies: NDArray[np.int64]
    G: FloatArray
    q_pi: FloatArray
    log_E: FloatArray
    gamma: float
    details: tuple[Part, ...]

    @classmethod
    def of(cls, explanation: Explanation) -> Terms:
        """The parts of an explanation, each by its name."""
        modalities = list(explanation.modalities)
        sources: dict[str, tuple[Any, list[str]]] = {
            "risk": (explanation.risk, modalities),
            "ambiguity": (explanation.ambiguity, modalities),
            "novelty of A": (-explanation.novelty_A, modalities),
            "novelty of B": (-explanation.novelty_B[:, :, None], ["the transitions"]),
        }
        policies = np.asarray(explanation.policies, dtype=np.int64)
        return cls(
            labels=tuple(explanation.names),
            policies=policies,
            G=_floats(explanation.G),
            q_pi=_floats(explanation.q_pi),
            log_E=_floats(explanation.log_E),
            gamma=float(explanation.gamma),
            details=tuple(part for term, source in sources.items() for part in _parts(term, *source)),
        )

    @property
    def parts(self) -> dict[str, FloatArray]:
        """Each term summed over modalities and time: (policy,) in nats."""
        sums: dict[str, FloatArray] = {}
        for part in self.details:
            sums[part.term] = sums.get(part.term, np.zeros(len(self.G))) + part.values
        return sums

    def best(self, most: int) -> NDArray[np.int64]:
        """The policies with the most probability, the best first; among equals the order of the list."""
        tied = np.round(np.asarray(self.q_pi, dtype=np.float64), 12)
        return np.lexsort((np.arange(len(tied)), np.round(self.G, 9), -tied))[:most].astype(np.int64)

    def best_starting_with(self, action: Sequence[int]) -> int | None:
        """The best policy whose first joint action is `action`; `None` when there is none."""
        starts = np.all(self.policies[:, 0] == np.asarray(action), axis=1)
        order = self.best(len(self.G))
        found = order[starts[order]]
        return int(found[0]) if found.size else None

    def best_starting_otherwise(self, action: Sequence[int]) -> int | None:
        """The best policy whose first joint action is another one; `None` when there is none."""
        starts = np.all(self.policies[:, 0] == np.asarray(action), axis=1)
        order = self.best(len(self.G))
        found = order[~starts[order]]
        return int(found[0]) if found.size else None

    def contrast(self, better: int, worse: int) -> list[tuple[float, Part]]:
        """What makes one policy worse than another: the difference of each part in nats, the largest first.

        The differences sum to `G[worse] - G[better]`.
        """
        differences = [(float(part.values[worse] - part.values[better]), part) for part in self.details]
        return sorted((pair for pair in differences if abs(pair[0]) > 1e-9), key=lambda pair: -abs(pair[0]))


def _floats(values: Any) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _parts(term: str, values: Any, names: Sequence[str]) -> list[Part]:
    """Cut (policy, horizon, name) into its parts, without those that are zero everywhere."""
    array = _floats(values)
    return [
        Part(term=term, about=name, ahead=ahead + 1, values=array[:, ahead, at])
        for ahead in range(array.shape[1])
        for at, name in enumerate(names)
        if np.any(np.abs(array[:, ahead, at]) > 1e-12)
    ]


@dataclass(frozen=True, kw_only=True)
class Reasons:
    """Why one agent did what it did at one step.

    Attributes:
        agent: its row, or what it is called.
        episode, step: when.
        observed: modality -> outcome, or `None` where it was missing.
        believed: factor -> state -> probability, after the observation.
        action: control -> action taken.
        action_index: the action taken, an index for each control.
        q_action: joint action -> probability, the most probable first.
        terms: the expected free energy taken apart.
        F: variational free energy of the step in nats.
        impossibility_tested: whether the joint support was small enough to test that the observation is possible.
    """

    agent: int | str
    episode: int
    step: int
    observed: Mapping[str, str | None]
    believed: Mapping[str, Mapping[str, float]]
    action: Mapping[str, str]
    action_index: tuple[int, ...]
    q_action: Mapping[str, float]
    terms: Terms
    F: float
    impossibility_tested: bool = True

    @classmethod
    def of(
        cls, agent: Agent, step: Step, observed: Mapping[str, str | None], *, called: int | str, number: int
    ) -> Reasons:
        """The reasons of a step.

        Args:
            agent: who took the step.
            step: what it reported.
            observed: modality -> outcome, or `None` where it was missing.
            called: the agent's row, or its name.
            number: what the step is called.
        """
        joint = ["+".join(names) for names in agent.actions.names]
        by_action = dict(zip(joint, (float(q) for q in step.q_action)))
        return cls(
            agent=called,
            episode=step.episode,
            step=number,
            observed=observed,
            believed={
                factor.name: dict(zip(factor.states, (float(q) for q in step.qs[factor.name])))
                for factor in agent.model.factors
            },
            action=step.action,
            action_index=step.action_index,
            q_action=dict(sorted(by_action.items(), key=lambda pair: -pair[1])),
            terms=Terms.of(step.explain()),
            F=step.F,
            impossibility_tested=step.impossibility_tested,
        )

    @property
    def did(self) -> str:
        """The joint action in words."""
        return "+".join(self.action.values()) or "nothing (it controls no factor)"

    def in_words(self) -> list[str]:
        """A few sentences: what the agent saw, believed and did, and what decided it."""
        saw = ", ".join(f"{name} = {outcome or 'missing'}" for name, outcome in self.observed.items())
        sentences = [
            f"At step {self.step} agent {self.agent} saw {saw}.",
            f"It then believed: {'; '.join(_belief(name, states) for name, states in self.believed.items())}.",
        ]
        if not self.impossibility_tested:
            sentences.append("That all of it is possible together was not tested: too many joint states are left.")
        if not self.action:
            return [*sentences, "It controls no factor, so there was nothing to choose."]
        probability = self.q_action.get(self.did, 0.0)
        sentences.append(f"It did {self.did!r}, to which its policies gave {_percent(probability)} of the probability.")
        return [*sentences, *self._what_decided()]

    def _what_decided(self) -> list[str]:
        """Compare the best policy that starts as the agent did with the best that starts otherwise."""
        terms = self.terms
        mine, other = terms.best_starting_with(self.action_index), terms.best_starting_otherwise(self.action_index)
        if mine is None or other is None:
            return ["All its policies start alike."]
        gap = terms.G[other] - terms.G[mine]
        first = (
            f"The best policy that starts so, {terms.labels[mine]!r}, has G = {terms.G[mine]:.3f} nats; the best that "
            f"starts otherwise, {terms.labels[other]!r}, has {terms.G[other]:.3f}: "
        )
        if abs(gap) < 5e-4:
            return [first + "no difference."]
        causes = terms.contrast(mine, other)
        shown = ", ".join(
            f"{part.term} of {part.about} {_ahead(part.ahead)} ({difference:+.3f})" for difference, part in causes[:3]
        )
        verdict = f"{abs(gap):.3f} {'worse' if gap > 0 else 'better'}, of which {shown}"
        rest = len(causes) - 3
        more = "" if rest < 1 else ", and one smaller part" if rest == 1 else f", and {rest} smaller parts"
        return [first + verdict + more + "."]


def _ahead(ahead: int) -> str:
    return "next" if ahead == 1 else f"{ahead} steps ahead"


def _belief(factor: str, states: Mapping[str, float]) -> str:
    """`"context: left 50%, right 50%"`: the most probable states of a factor."""
    top = sorted(states.items(), key=lambda pair: -pair[1])[:3]
    named = [f"{name} {_percent(p)}" for at, (name, p) in enumerate(top) if p >= 0.005 or at == 0]
    rest = 1.0 - sum(p for _, p in top)
    if rest >= 0.005:
        named.append(f"{len(states) - len(top)} others {_percent(rest)}")
    return f"{factor} {', '.join(named)}"


def _percent(value: float) -> str:
    if 0.995 <= value < 1.0 - 1e-9:
        return f"{100 * value:.2f}%" if value < 0.9999 else ">99.99%"
    return f"{value:.0%}" if value >= 0.005 or value == 0.0 else "<0.5%"
