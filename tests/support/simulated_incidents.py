"""Incidents that are not as the models of the advice say, and what it takes to end them, for several ways to work.

Each incident has a world of its own: every table of the model (how often a cause is the cause, what each check shows,
what helps, minutes, harm) is drawn anew from a Dirichlet distribution of concentration 10 around it.  In a tenth of
them, itself perturbed, the cause is one that the model does not know: what it shows is drawn from a flat Dirichlet
distribution, and nothing helps against it but to call others.

Since each step is made at most once in an incident, and a drawn table is on average the table that it was drawn around,
such worlds are on average as the model says, but for the causes that it does not know.  A `World` is wrong on average:
checks mislead together, or tell less, or what is done helps less or harms more.

A way to work is an order of the checks, and a rule when to stop looking and what to try then.  All ways share the
beliefs (those of the unperturbed model), that a resolution is preceded by the check that it needs, that nobody tries
what costs more than it is expected to save, and the incident: what each step shows, takes and breaks is drawn once,
before anybody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from actinf.advise.foresight import AT_LAST, Foresight
from actinf.advise.knowledge import BETTER, CAUSE, MINUTES, STEP, Knowledge
from actinf.advise.ranking import led, tried

Floats = NDArray[np.float64]
Seen = frozenset[tuple[str, str]]

CONCENTRATION = 10.0
UNKNOWN = 0.1
#: Minutes that harm counts as, as in the models' preferences.
HARM_MINUTES = 30.0
#: The rule that stood before: a cause that is believed in so much is treated, by what has the smallest G.
SURE = 0.8


@dataclass(frozen=True, kw_only=True)
class World:
    """How a world differs on average from what the models say.

    Attributes:
        herrings: share of incidents in which something else is the matter as well, which each check shows half of the
            time, instead of the cause.
        blunt: share of checks that show anything.
        helps: what the probability that a resolution helps is multiplied by, but that others do who are called.
        harm_minutes: what harm costs.
    """

    herrings: float = 0.0
    blunt: float = 0.0
    helps: float = 1.0
    harm_minutes: float = HARM_MINUTES


AS_SAID = World()
WORLDS = {
    "as the model says": AS_SAID,
    "half have a red herring": World(herrings=0.5),
    "three of ten checks show anything": World(blunt=0.3),
    "what is done helps 0.6 times as often": World(helps=0.6),
    "harm counts as 90 minutes": World(harm_minutes=90.0),
    "the first three, milder": World(herrings=0.5, blunt=0.2, helps=0.7),
}


@dataclass(frozen=True)
class SimulatedIncident:
    """What would be seen at each step, what it would take, and whether it would help."""

    cause: str | None
    outcome: Mapping[str, str]
    cost: Mapping[str, float]
    order: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Thought:
    """What is thought after something was seen; what nobody asks for is not thought.

    Attributes:
        known: of the type.
        seen: (step, outcome) of all that was seen.
    """

    known: Knowledge
    seen: Seen

    @cached_property
    def belief(self) -> Floats:
        """q(cause), which tests hold against the engine's."""
        belief = np.array(self.known.model.D[CAUSE], dtype=np.float64)
        for step, outcome in self.seen:
            belief = belief * self.known.likelihood[step][self.known.outcomes(step).index(outcome)]
        return belief / belief.sum()

    @cached_property
    def G(self) -> Mapping[str, float]:
        """Step → expected free energy, one step ahead."""
        return dict(zip(self.known.steps, led(self.known, sorted(self.seen)).G.tolist()))

    @cached_property
    def remaining(self) -> Mapping[str, float]:
        """Step that is left → minutes until it is over, looking ahead."""
        return Foresight(self.known).minutes_left(self.belief, {step for step, _ in self.seen})


@dataclass
class Thinking:
    """Thoughts of a model, remembered by what was seen."""

    known: Knowledge
    remembered: dict[Seen, Thought] = field(default_factory=dict)

    def of(self, seen: Seen) -> Thought:
        """What is thought then."""
        return self.remembered.setdefault(seen, Thought(self.known, seen))

    def left(self, seen: Seen) -> list[str]:
        """The resolutions that were not tried, and may save more than they cost."""
        done, belief = {step for step, _ in seen}, self.of(seen).belief
        return [
            step
            for step in self.known.resolutions
            if step not in done and helps_by_minute(self.known, step, belief, done) * AT_LAST > 1.0
        ]


#: Chooses one of the checks that are left.
Order = Callable[[Thinking, SimulatedIncident, Seen, list[str]], str]
#: Chooses one of the resolutions that are left, or None: look on.
Stop = Callable[[Thinking, Seen, list[str]], str | None]


def advice(thinking: Thinking, incident: SimulatedIncident, seen: Seen, left: list[str]) -> str:
    """What ends it soonest, looking ahead."""
    remaining = thinking.of(seen).remaining
    return min(left, key=lambda step: remaining[step])


def one_step(thinking: Thinking, incident: SimulatedIncident, seen: Seen, left: list[str]) -> str:
    """The smallest expected free energy, one step ahead."""
    ranked = thinking.of(seen).G
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
    belief = thinking.of(seen).belief
    return max(left, key=lambda step: _confirms(thinking.known.likelihood[step], belief))


def when_sure(thinking: Thinking, seen: Seen, checks: list[str]) -> str | None:
    """Once a cause is believed in by 0.8, or no check is left: the smallest expected free energy, one step ahead."""
    thought = thinking.of(seen)
    if checks and thought.belief.max() < SURE:
        return None
    return min(thinking.left(seen), key=lambda one: thought.G[one], default=None)


def when_it_pays(thinking: Thinking, seen: Seen, checks: list[str]) -> str | None:
    """Where to try something ends it sooner than to look on, looking ahead."""
    return tried(thinking.known, thinking.of(seen).remaining)


def at_once(thinking: Thinking, seen: Seen, checks: list[str]) -> str | None:
    """Never look but at what is needed: what helps most for its minutes."""
    known, belief, done = thinking.known, thinking.of(seen).belief, {step for step, _ in seen}
    return max(thinking.left(seen), key=lambda one: helps_by_minute(known, one, belief, done), default=None)


ORDERS: dict[str, Order] = {
    "advice": advice,
    "one step": one_step,
    "runbook": runbook,
    "random": at_random,
    "cheapest": cheapest,
    "most probable": most_probable,
}
STOPS: dict[str, Stop] = {"sure": when_sure, "pays": when_it_pays}
#: The advice, and who does what the runbook says with its beliefs until they are sure.
ADVICE, RUNBOOK, BLIND = ("advice", "pays"), ("runbook", "sure"), ("", "at once")
#: Nobody can be as quick: who knows the cause from the beginning, or what each check will show.
KNOWS_CAUSE, KNOWS_CHECKS = ("", "knows the cause"), ("", "knows what checks show")


def minutes_to_end(thinking: Thinking, incident: SimulatedIncident, order: Order, stop: Stop) -> float:
    """Minutes until the service is better, with harm counted as minutes."""
    known, seen, total = thinking.known, frozenset[tuple[str, str]](), 0.0
    checks, resolutions = list(known.checks), list(known.resolutions)
    while resolutions:
        if not thinking.left(seen) and (not checks or min(thinking.of(seen).remaining.values()) >= AT_LAST):
            break  # neither to try anything nor to look on pays
        step = stop(thinking, seen, checks) or order(thinking, incident, seen, checks)
        if known.needs.get(step) in checks:
            step = known.needs[step]
        (resolutions if step in resolutions else checks).remove(step)
        total += incident.cost[step]
        if incident.outcome[step] == BETTER:
            return total
        seen = seen | {(step, incident.outcome[step])}
    return total + AT_LAST


def minutes_of_who_knows(known: Knowledge, incident: SimulatedIncident, belief: Floats, checks: set[str]) -> float:
    """Minutes until the service is better for somebody who believes so, and has made so many checks: the best order."""
    ahead, total, done = Foresight(known), 0.0, set(checks)
    while left := [one for one in known.resolutions if one not in done]:
        remaining = ahead.minutes_left(belief, done, depth=1)
        step = min(left, key=lambda one: remaining[one])
        if remaining[step] >= AT_LAST:
            break
        needed = known.needs.get(step, step)
        total += incident.cost[step] + (incident.cost[needed] if needed not in {step, *done} else 0.0)
        if incident.outcome[step] == BETTER:
            return total
        done |= {step, needed}
        belief = belief * known.likelihood[step][known.outcomes(step).index(incident.outcome[step])]
    return total + AT_LAST


def simulated(known: Knowledge, random: np.random.Generator, world: World = AS_SAID) -> SimulatedIncident:
    """An incident in a world of its own."""
    model = known.model
    causes = _perturbed(np.append(np.asarray(model.D[CAUSE]) * (1 - UNKNOWN), UNKNOWN), random)
    cause, also = (int(one) for one in random.choice(len(causes), p=causes, size=2))
    misled = random.random() < world.herrings
    took = model.A[MINUTES].dense()
    outcome, cost = {}, {}
    for step in known.steps:
        shows = also if misled and step in known.checks and random.random() < 0.5 else cause
        names, column = known.outcomes(step), _shown(known, step, shows, random)
        if step in known.checks:
            column = (1.0 - world.blunt) * column + world.blunt / len(column)
        elif step != known.resolutions[-1]:
            column = np.array([world.helps * column[0], 1.0 - world.helps * column[0]])
        outcome[step] = names[int(random.choice(len(names), p=column))]
        minutes = model.modalities[MINUTES].outcomes[_drawn(took[:, model.factors[STEP].states.index(step)], random)]
        harm = known.harm[step][min(cause, len(known.causes) - 1)]
        harmed = _drawn(np.array([1.0 - harm, harm]), random)
        cost[step] = float(minutes.removesuffix("min")) + world.harm_minutes * harmed
    order = tuple(np.array(known.checks)[random.permutation(len(known.checks))].tolist())
    return SimulatedIncident(known.causes[cause] if cause < len(known.causes) else None, outcome, cost, order)


def _shown(known: Knowledge, step: str, cause: int, random: np.random.Generator) -> Floats:
    """What a step shows in one world, the last cause being the unknown."""
    if cause < len(known.causes):
        return _perturbed(known.likelihood[step][:, cause], random)
    if step in known.checks:
        return random.dirichlet(np.ones(len(known.outcomes(step))))
    # As little as anything helps against what it is not meant for, which is what `other` says.
    return _perturbed(known.likelihood[step][:, known.causes.index("other")], random)


#: An order, and a rule when to stop.
Way = tuple[str, str]


def campaign(
    thinking: Thinking, incidents: int, seed: int, world: World = AS_SAID, *, ways: Set[Way]
) -> dict[Way, Floats]:
    """(order, stop) → minutes to the end of each incident, (incidents,); the incidents are the same for all.

    Args:
        thinking: of a type; what it remembers can be used again.
        incidents: how many.
        seed: of the incidents.
        world: that they are drawn in.
        ways: those that are asked for.
    """
    known, random = thinking.known, np.random.default_rng(seed)
    met = [simulated(known, random, world) for _ in range(incidents)]
    found = {}
    for way in sorted(ways):
        order, stop = ORDERS.get(way[0], runbook), STOPS.get(way[1], at_once)
        if way in (KNOWS_CAUSE, KNOWS_CHECKS):
            found[way] = np.array([_of_who_knows(known, one, way) for one in met])
        else:
            found[way] = np.array([minutes_to_end(thinking, one, order, stop) for one in met])
    return found


def _of_who_knows(known: Knowledge, incident: SimulatedIncident, way: Way) -> float:
    if way == KNOWS_CAUSE:
        belief = np.zeros(len(known.causes))
        belief[known.causes.index(incident.cause or "other")] = 1.0
        return minutes_of_who_knows(known, incident, belief, set())
    belief = np.array(known.model.D[CAUSE], dtype=np.float64)
    for check in known.checks:
        belief = belief * known.likelihood[check][known.outcomes(check).index(incident.outcome[check])]
    return minutes_of_who_knows(known, incident, belief / belief.sum(), set(known.checks))


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


def helps_by_minute(known: Knowledge, step: str, belief: Floats, done: Set[str]) -> float:
    """P(a resolution helps) for each minute that it takes, with the check that it needs where that was not made."""
    made = [step] if known.needs.get(step, step) in {step, *done} else [step, known.needs[step]]
    minutes = sum(known.minutes[one] + known.harm_minutes * float(known.harm[one] @ belief) for one in made)
    return float(known.likelihood[step][0] @ belief) / minutes
