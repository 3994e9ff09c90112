"""Incidents that are not as the models of the advice say, and what it takes to end them, for several ways to look.

Each incident has a world of its own: every table of the model (how often a cause is the cause, what each check shows,
what helps, minutes, harm) is drawn anew from a Dirichlet distribution of concentration 10 around it.  A world for each
incident, and not one for all: incidents are then independent, the interval is one over worlds as well, and the figure
is the mean over ways in which the model can be wrong.  In a tenth of them, itself perturbed, the cause is one that the
model does not know: what it shows is drawn from a flat Dirichlet distribution, and nothing helps against it but to
call others.

What is compared is the order of the checks, and nothing else.  All ways share the beliefs (those of the unperturbed
model), the rule when to treat (a cause is believed in by 0.8, or no check is left), the choice of the resolution (the
smallest expected free energy), and the incident: what each step shows, takes and breaks is drawn once, before anybody
looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from actinf.advise.knowledge import BETTER, CAUSE, HARM, MINUTES, STEP, Knowledge
from actinf.advise.ranking import SURE, led

Floats = NDArray[np.float64]
Seen = frozenset[tuple[str, str]]

CONCENTRATION = 10.0
UNKNOWN = 0.1
#: Minutes that harm counts as, as in the models' preferences; and what it takes where nothing on the page has helped.
HARM_MINUTES, AT_LAST = 30.0, 60.0


@dataclass(frozen=True)
class SimulatedIncident:
    """What would be seen at each step, what it would take, and whether it would help."""

    cause: str | None
    outcome: Mapping[str, str]
    cost: Mapping[str, float]
    order: tuple[str, ...]


@dataclass
class Thinking:
    """Beliefs and expected free energies of a model, remembered by what was seen."""

    known: Knowledge
    remembered: dict[Seen, tuple[Floats, Mapping[str, float]]] = field(default_factory=dict)

    def of(self, seen: Seen) -> tuple[Floats, Mapping[str, float]]:
        """q(cause), and G of each step."""
        if seen not in self.remembered:
            step = led(self.known, sorted(seen))
            belief = np.array(step.qs[CAUSE], dtype=np.float64)
            self.remembered[seen] = belief, dict(zip(self.known.steps, step.G.tolist()))
        return self.remembered[seen]


#: Chooses one of the checks that are left.
Way = Callable[[Thinking, SimulatedIncident, Seen, list[str]], str]


def advice(thinking: Thinking, incident: SimulatedIncident, seen: Seen, left: list[str]) -> str:
    """The smallest expected free energy."""
    ranked = thinking.of(seen)[1]
    return min(left, key=lambda step: ranked[step])


def runbook(thinking: Thinking, incident: SimulatedIncident, seen: Seen, left: list[str]) -> str:
    """In the order of the page, which is that of the model's actions."""
    return left[0]


def at_random(thinking: Thinking, incident: SimulatedIncident, seen: Seen, left: list[str]) -> str:
    """In any order."""
    return min(left, key=incident.order.index)


def cheapest(thinking: Thinking, incident: SimulatedIncident, seen: Seen, left: list[str]) -> str:
    """The quickest first."""
    return min(left, key=lambda step: thinking.known.minutes[step])


def most_probable(thinking: Thinking, incident: SimulatedIncident, seen: Seen, left: list[str]) -> str:
    """What would confirm the most probable cause best: KL[what it shows then ‖ what is expected]."""
    belief = thinking.of(seen)[0]
    return max(left, key=lambda step: _confirms(thinking.known.likelihood[step], belief))


def first_ranking(thinking: Thinking, incident: SimulatedIncident, seen: Seen, left: list[str]) -> str:
    """As the advice ranked them at the beginning, whatever was seen since."""
    return advice(thinking, incident, frozenset(), left)


WAYS: dict[str, Way] = {
    "advice": advice,
    "runbook": runbook,
    "random": at_random,
    "cheapest": cheapest,
    "most probable": most_probable,
    "first ranking": first_ranking,
}


def minutes_to_end(thinking: Thinking, incident: SimulatedIncident, way: Way) -> float:
    """Minutes until the service is better, with harm counted as minutes."""
    known, seen, total = thinking.known, frozenset[tuple[str, str]](), 0.0
    checks, resolutions = list(known.checks), list(known.resolutions)
    while resolutions:
        belief, ranked = thinking.of(seen)
        if checks and belief.max() < SURE:
            step = way(thinking, incident, seen, checks)
            checks.remove(step)
        else:
            step = min(resolutions, key=lambda one: ranked[one])
            resolutions.remove(step)
        total += incident.cost[step]
        if incident.outcome[step] == BETTER:
            return total
        seen = seen | {(step, incident.outcome[step])}
    return total + AT_LAST


def simulated(known: Knowledge, random: np.random.Generator) -> SimulatedIncident:
    """An incident in a world of its own."""
    model = known.model
    causes = _perturbed(np.append(np.asarray(model.D[CAUSE]) * (1 - UNKNOWN), UNKNOWN), random)
    cause = int(random.choice(len(causes), p=causes))
    is_known = cause < len(known.causes)
    outcome, cost = {}, {}
    states = model.factors[STEP].states
    took, broke = model.A[MINUTES].dense(), model.A[HARM].dense()
    for step in known.steps:
        names, at = known.outcomes(step), states.index(step)
        if is_known:
            column = _perturbed(known.likelihood[step][:, cause], random)
        elif step in known.checks:
            column = random.dirichlet(np.ones(len(names)))
        else:  # as little as anything helps against what it is not meant for, which is what `other` says
            column = _perturbed(known.likelihood[step][:, known.causes.index("other")], random)
        outcome[step] = names[int(random.choice(len(names), p=column))]
        minutes = model.modalities[MINUTES].outcomes[_drawn(took[:, at], random)]
        harmed = model.modalities[HARM].outcomes[_drawn(broke[:, at], random)] == "harm"
        cost[step] = float(minutes.removesuffix("min")) + HARM_MINUTES * harmed
    order = tuple(np.array(known.checks)[random.permutation(len(known.checks))].tolist())
    return SimulatedIncident(known.causes[cause] if is_known else None, outcome, cost, order)


def campaign(known: Knowledge, incidents: int, seed: int) -> dict[str, Floats]:
    """Way → minutes to the end of each incident, (incidents,); the incidents are the same for all."""
    random, thinking = np.random.default_rng(seed), Thinking(known)
    met = [simulated(known, random) for _ in range(incidents)]
    return {name: np.array([minutes_to_end(thinking, one, way) for one in met]) for name, way in WAYS.items()}


def interval(saved: Floats, seed: int, resamples: int = 10_000) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean."""
    random = np.random.default_rng(seed)
    means = [saved[random.integers(0, len(saved), len(saved))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _drawn(column: Floats, random: np.random.Generator) -> int:
    return int(random.choice(len(column), p=_perturbed(column, random)))


def _perturbed(column: Floats, random: np.random.Generator) -> Floats:
    """Dirichlet, concentration 10, around a column; what is impossible stays so."""
    found = np.zeros(len(column))
    there = column > 0.0
    found[there] = random.dirichlet(CONCENTRATION * column[there] / column.sum())
    return found / found.sum()


def _confirms(table: Floats, belief: Floats) -> float:
    shown, expected = table[:, belief.argmax()], table @ belief
    return float((shown * np.log(np.maximum(shown, 1e-12) / expected)).sum())
