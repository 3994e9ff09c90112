"""The next step of an incident, ranked by how long the incident is expected to last then, with what that is made of.

The agent is led through what was seen so far: one step of its course for each check that was made.  It believes in
causes, q(cause | seen), and gives each step that could be next its expected free energy, one step ahead,

    G(u) = −I_q(cause ; what u shows) − E_q[ln p(minutes, harm, service)],

in nats, smaller is better.  The first term is what the step is expected to tell about the cause; the second is what it
costs, in the currency of the model's preferences C.  Both are taken from the terms that the engine's planner computes
(`actinf.agent.explanation`); only what a modality tells is told apart here from what it is worth.

They say what a step is.  What is next is decided further ahead, by `actinf.advise.foresight`, with the answers in
between: there checks and resolutions compete in minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from actinf.advise.foresight import AT_LAST, Foresight
from actinf.advise.knowledge import BETTER, CAUSE, HARM, MINUTES, STEP, Floats, Knowledge
from actinf.agent import Step
from actinf.errors import AdviceError

__all__ = ["WORTH", "Advice", "Rated", "advise", "led", "tried"]

#: Minutes by which something has to be better than to look on before it is tried: closer than that, numbers that are
#: judgements tell nothing apart, and to look changes nothing.
WORTH = 0.5


@dataclass(frozen=True, slots=True)
class Rated:
    """A step that could be next.

    Attributes:
        step: its name.
        remaining: minutes until the incident is over, harm counted as minutes, where this is next, and then what seems
            best; smaller is better.
        G: expected free energy one step ahead, nats.
        information: what it is expected to tell about the cause, nats.
        cost: what its minutes and its risk cost, nats.
        minutes: that it is expected to take.
        harm: probability that it does harm of its own.
        expected: outcome → probability.
        separates: the two causes between which it is expected to decide most; none where it tells of none.
        helps: of a resolution, the probability that the service gets better.
        against: of a resolution, the cause against which it is expected to help most.
        enables: of a check, the resolutions that are left and need what it shows.
    """

    step: str
    remaining: float
    G: float
    information: float
    cost: float
    minutes: float
    harm: float
    expected: Mapping[str, float]
    separates: tuple[str, ...]
    helps: float | None
    against: str | None
    enables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next.

    Attributes:
        beliefs: cause → probability, the most probable first.
        checks: those that were not made yet, the best first.
        resolutions: those that were not tried yet, the best first.
        treat: the resolution to try now, where that ends the incident sooner than to look on; None: look on, or, where
            nothing is left to look at, leave it to others; and where one has helped, nothing is to be tried.
        entropy: what is not known about the cause, nats.
    """

    beliefs: Mapping[str, float]
    checks: tuple[Rated, ...]
    resolutions: tuple[Rated, ...]
    treat: str | None
    entropy: float


def led(known: Knowledge, seen: Sequence[tuple[str, str]]) -> Step:
    """The step of an agent that was led through what was seen.

    Args:
        known: of the type of the incident.
        seen: (step, outcome), in any order: causes do not change while one looks.

    Raises:
        AdviceError: a step or an outcome is not known, or a step is there twice.
    """
    if len({step for step, _ in seen}) < len(seen):
        raise AdviceError("a step is there twice: say of each what it showed last")
    for step, outcome in seen:
        if step not in known.steps:
            raise AdviceError(f"{known.kind} has no step {step[:60]!r}: expected one of {', '.join(known.steps)}")
        if outcome not in known.outcomes(step):
            expected = ", ".join(known.outcomes(step))
            raise AdviceError(f"the step {step!r} does not show {outcome[:60]!r}: expected one of {expected}")
    session = known.agent.start(seed=0)
    if not seen:
        return session.step({})
    session.perceive({})
    for step, outcome in seen[:-1]:
        session.perceive({known.modality(step): outcome}, executed={STEP: step})
    step, outcome = seen[-1]
    return session.step({known.modality(step): outcome}, executed={STEP: step})


def advise(known: Knowledge, seen: Sequence[tuple[str, str]]) -> Advice:
    """What to do next.

    Args:
        known: of the type of the incident.
        seen: (step, outcome) of all that was looked at or tried.

    Raises:
        AdviceError: as `led`.
    """
    step = led(known, seen)
    belief = np.asarray(step.qs[CAUSE], dtype=np.float64)
    done = {name for name, _ in seen}
    remaining = Foresight(known).minutes_left(belief, done)
    is_better = any(step in known.resolutions and outcome == BETTER for step, outcome in seen)
    ranked = sorted(_rated(known, step, belief, remaining), key=lambda one: one.remaining)
    checks = tuple(one for one in ranked if one.step in known.checks)
    resolutions = tuple(one for one in ranked if one.step not in known.checks)
    order = np.argsort(-belief, kind="stable")
    return Advice(
        beliefs={known.causes[at]: float(belief[at]) for at in order},
        checks=checks,
        resolutions=resolutions,
        treat=None if is_better else tried(known, remaining),
        entropy=float(-(belief * np.log(np.maximum(belief, 1e-300))).sum()),
    )


def tried(known: Knowledge, remaining: Mapping[str, float]) -> str | None:
    """The resolution that is expected to end it sooner than any check, by `WORTH`, and than to leave it to others.

    None: there is none, one has to look first, or what is left does more harm than it helps.

    Args:
        known: of the type of the incident.
        remaining: step that is left → minutes until it is over, where that is next.
    """
    able = [step for step in known.resolutions if step in remaining and known.needs.get(step) not in remaining]
    if not able:
        return None
    best = min(able, key=lambda step: remaining[step])
    look = min((remaining[step] for step in known.checks if step in remaining), default=np.inf)
    return best if remaining[best] < min(look - WORTH, AT_LAST) else None


def _rated(known: Knowledge, step: Step, belief: Floats, remaining: Mapping[str, float]) -> list[Rated]:
    """Every step that is left, with the terms of its expected free energy; nothing is left out."""
    terms = step.explain()
    at = {name: place for place, name in enumerate(terms.modalities)}
    total = terms.risk[:, 0, :] + terms.ambiguity[:, 0, :]  # −I − E[ln p], by action and modality
    pain = known.log_preferences(HARM)
    rated = []
    for name, minutes in remaining.items():
        u, own, table = known.steps.index(name), known.modality(name), known.likelihood[name]
        expected = table @ belief
        worth = float(expected @ known.log_preferences(own)[1:])
        harm = float(known.harm[name] @ belief)
        better = None if name in known.checks else table[known.outcomes(name).index(BETTER)] * belief
        rated.append(
            Rated(
                step=name,
                remaining=minutes,
                G=float(terms.G[u]),
                information=max(0.0, -float(total[u, at[own]]) - worth),
                cost=float(total[u, at[MINUTES]] + known.log_preferences(MINUTES).max() + harm * (pain[0] - pain[1])),
                minutes=known.minutes[name],
                harm=harm,
                expected=dict(zip(known.outcomes(name), expected.tolist())),
                separates=_separates(known, table, belief),
                helps=None if better is None else float(better.sum()),
                against=None if better is None else known.causes[int(better.argmax())],
                enables=tuple(one for one, check in known.needs.items() if check == name and one in remaining),
            )
        )
    return rated


def _told(table: Floats, belief: Floats) -> float:
    """Mutual information of cause and outcome, nats."""
    expected = table @ belief
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(table > 0.0, table * np.log(table / expected[:, None]), 0.0)
    return float((gain @ belief).sum())


def _separates(known: Knowledge, table: Floats, belief: Floats) -> tuple[str, ...]:
    """The pair of causes that the outcome tells apart most, each weighed by how probable it is."""
    likely = [int(one) for one in np.argsort(-belief, kind="stable")[:5] if belief[one] > 0.01]
    best, found = 1e-3, tuple[str, ...]()
    for a, b in combinations(likely, 2):
        weights = belief[[a, b]]
        gain = weights.sum() * _told(table[:, [a, b]], weights / weights.sum())
        if gain > best:
            best, found = gain, (known.causes[a], known.causes[b])
    return found
