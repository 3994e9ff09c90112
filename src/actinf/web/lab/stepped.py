"""An agent as its page shows it: where it stands, what it may observe next, and one step that it took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import numpy as np

from actinf.agent import Agent, Step
from actinf.agent.prediction import Prediction
from actinf.errors import BudgetError
from actinf.lab.explain import Reasons
from actinf.service.steps.record import asked, check_asked, step_of
from actinf.web.lab.why import Why

__all__ = ["Bar", "Belief", "Bench", "Choice", "PastStep", "ShownStep", "observed_in_words"]

MOST_STATES = 10
LEAST_SHOWN = 0.0005
MOST_ACTIONS = 8
MOST_SEGMENTS = 9
COURSE = 16


@dataclass(frozen=True, slots=True)
class Bar:
    """Something with a probability."""

    name: str
    p: float
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the outcomes of a modality, or of the actions of a control."""

    name: str
    expected: float | None
    preset: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A modality or a control, with what can be chosen."""

    name: str
    choices: tuple[Choice, ...]

    @property
    def long(self) -> bool:
        """Whether there are too many for buttons side by side."""
        return len(self.choices) > MOST_SEGMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What an agent may be given next.

    Attributes:
        step: the number of the step that comes next; time, episode: when that is.
        modalities: with how probable the agent itself thinks each outcome.
        executed: the controls, with the action that it chose; empty where nothing was executed before.
        learns: whether it keeps counts.
    """

    step: int
    time: int
    episode: int
    modalities: tuple[Part, ...]
    executed: tuple[Part, ...]
    learns: bool

    @classmethod
    def of(cls, agent: Agent, session: Any, next_step: int) -> Self:
        """The bench of an agent that stands where its session is."""
        snapshot, model = session.snapshot(), agent.model
        expected = Prediction.of(agent, snapshot).outcomes()
        modalities = []
        for modality in model.modalities:
            q = expected[modality.name]
            likely = int(np.argmax(q))
            choices = (Choice(name, float(q[at]), at == likely) for at, name in enumerate(modality.outcomes))
            modalities.append(Part(modality.name, tuple(choices)))
        executed = []
        if snapshot.time > 0:
            chosen = agent.actions.digits[snapshot.action]
            for control, index in zip(model.controls, chosen):
                choices = (Choice(name, None, at == index) for at, name in enumerate(control.actions))
                executed.append(Part(control.name, tuple(choices)))
        return cls(
            step=next_step,
            time=snapshot.time,
            episode=snapshot.episode,
            modalities=tuple(modalities),
            executed=tuple(executed),
            learns=agent.learning is not None,
        )


@dataclass(frozen=True, slots=True)
class PastStep:
    """A step in the strip of those that were taken."""

    number: int
    episode: int
    did: str
    seen: str


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of one factor.

    Attributes:
        name: of the factor.
        states: with their probabilities: all in the model's order, or the most probable of many.
        courses: for each of them its probability in the last steps of the episode, the latest last.
        others: how many states are not shown; rest: their probability.
    """

    name: str
    states: tuple[Bar, ...]
    courses: tuple[tuple[float, ...], ...]
    others: int
    rest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A step that was taken, and the reasons for its action; None, and a word on it, where they cannot be told."""

    number: int
    time: int
    episode: int
    created_at: datetime
    observed: tuple[tuple[str, str], ...]
    executed: str | None
    did: str
    F: float
    beliefs: tuple[Belief, ...]
    actions: tuple[Bar, ...]
    other_actions: int
    why: Why | None
    no_why: str

    @classmethod
    def of(cls, agent: Agent, name: str, rows: Sequence[Any]) -> Self:
        """The step in the last of some rows, which are those of its episode up to it."""
        row, steps = rows[-1], [step_of(agent, row) for row in rows[-COURSE:]]
        step, said, model = steps[-1], asked(row), agent.model
        observed = observed_in_words(model, said["observation"])
        executed = said.get("executed")
        joint = ["+".join(names) for names in agent.actions.names]
        order = np.argsort(-step.q_action, kind="stable")[:MOST_ACTIONS]
        why, no_why = _reasons(agent, step, row, name, observed)
        return cls(
            number=row.step,
            time=row.time,
            episode=row.episode,
            created_at=row.created_at,
            observed=tuple((modality, words or "missing") for modality, words in observed.items()),
            executed=None if executed is None else "+".join(agent.actions.names[agent.actions.read(executed)]),
            did=joint[step.joint_action],
            F=step.F,
            beliefs=tuple(_belief(factor, [past.qs[factor.name] for past in steps]) for factor in model.factors),
            actions=tuple(
                Bar(joint[at], float(step.q_action[at]), int(at) == step.joint_action)
                for at in (sorted(order) if len(joint) <= MOST_ACTIONS else order)
            ),
            other_actions=max(0, len(joint) - MOST_ACTIONS),
            why=why,
            no_why=no_why,
        )


def _belief(factor: Any, course: list[Any]) -> Belief:
    q = course[-1]
    likely = int(np.argmax(q))
    shown = list(range(len(q)))
    if len(q) > MOST_STATES:
        shown = [int(s) for s in np.argsort(-q, kind="stable")[:MOST_STATES] if q[s] >= LEAST_SHOWN or s == likely]
    return Belief(
        name=factor.name,
        states=tuple(Bar(factor.states[s], float(q[s]), s == likely) for s in shown),
        courses=tuple(tuple(float(past[s]) for past in course) for s in shown),
        others=len(q) - len(shown),
        rest=max(0.0, 1.0 - float(sum(q[s] for s in shown))),
    )


def _reasons(
    agent: Agent, step: Step, row: Any, name: str, observed: Mapping[str, str | None]
) -> tuple[Why | None, str]:
    """The reasons of a step, or why there are none."""
    if not agent.model.controls:
        return None, "It controls no factor, so there was nothing to choose."
    if row.carry is None and (agent.learning is not None or agent.packed_structure.joint):
        return None, (
            'This step was taken through the API without `"include": ["terms"]`, and what its reasons follow from is '
            "too large to be kept unasked."
        )
    try:
        check_asked(agent, ["terms"])
    except BudgetError as error:
        return None, f"There are too many policies to take apart: {error}"
    reasons = Reasons.of(agent, step, observed, called=name, number=row.step)
    names = agent.actions.names
    strides = [int(np.prod(agent.model.num_controls[c + 1 :])) for c in range(len(agent.model.num_controls))]
    actions_of = [tuple("+".join(names[int(joint)]) for joint in policy) for policy in agent.policies @ strides]
    return Why.of(reasons, actions_of), ""


def observed_in_words(model: Any, observation: Any) -> dict[str, str | None]:
    """Modality → what was observed, in words; None where it was missing.

    Args:
        model: what it is an observation of.
        observation: as it was sent: by name or in the model's order, of names, indices or distributions.
    """
    names = [modality.name for modality in model.modalities]
    sent = observation if isinstance(observation, dict) else dict(zip(names, observation))
    return {
        modality.name: _outcome_in_words(modality.outcomes, sent.get(modality.name)) for modality in model.modalities
    }


def _outcome_in_words(outcomes: Sequence[str], value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return outcomes[value]
    return " / ".join(f"{name} {p:.0%}" for name, p in zip(outcomes, value) if p > 0)
