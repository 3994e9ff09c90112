"""How long an incident is expected to last, by what is done next: the answers in between are thought through.

An agent that is sophisticated (Friston et al. 2021, "Sophisticated Inference", Neural Computation 33(3)) asks not only
what it will see, but what it will believe then, and do:

    G(b, u) = −E[ln p(o)] − λ·I(cause ; o) + E_o[ min_u' G(b_u,o , u') ],

where b_u,o is the belief in causes after action u showed o, and the next action is taken to be the best one (there,
drawn from a softmax of −G).  Here actions are checks and resolutions alike, outcomes are preferred by the minutes that
they take and the harm that they do, and the recursion ends where the service is better.  What is worth knowing is then
worth what it saves, and the price λ of information for its own sake is 0: G is a number of minutes
(docs/explanation/advice.md says what λ > 0 did).  When to stop looking, and try, is no rule beside it: it is the
smallest G.

The recursion is as deep as is asked for.  Behind it stands a plan that could be followed without looking again: of what
is left, try always what helps most for its minutes, until that costs more than it is expected to save.  That is the
best order where nothing is to be seen in between, there is a single fault, and each resolution mends one (Heckerman,
Breese & Rommelse 1995, "Decision-Theoretic Troubleshooting", CACM 38(3)).
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from actinf.advise.knowledge import BETTER, Floats, Knowledge

__all__ = ["AT_LAST", "DEPTH", "Foresight"]

Booleans = NDArray[np.bool_]
Places = NDArray[np.int64]

#: Actions that are thought through, with all that they may show.
DEPTH = 2
#: Minutes that it takes where nothing on the page has helped, or nothing that is left is worth to be tried.
AT_LAST = 60.0


@dataclass(frozen=True, eq=False)
class Foresight:
    """Looks ahead in a type of incident.

    Beliefs `b` are not normalised, (N, causes): their sum is the probability to come there.  `left`, (N, steps), is
    what was not made yet.

    Attributes:
        known: of the type.
    """

    known: Knowledge

    @cached_property
    def _likelihood(self) -> Floats:
        """P(outcome | cause) of each step, (steps, outcomes, causes), 0 for what is no outcome of a step."""
        tables = [self.known.likelihood[step] for step in self.known.steps]
        found = np.zeros((len(tables), max(map(len, tables)), len(self.known.causes)))
        for at, table in enumerate(tables):
            found[at, : len(table)] = table
        return found

    @cached_property
    def _costs(self) -> Floats:
        """Minutes that each step takes for each cause, with harm counted as minutes, (steps, causes)."""
        known = self.known
        return np.array([known.minutes[step] + known.harm_minutes * known.harm[step] for step in known.steps])

    @cached_property
    def _mends(self) -> Places:
        """The places of the resolutions, (resolutions,)."""
        return np.array([self.known.steps.index(step) for step in self.known.resolutions])

    @cached_property
    def _better(self) -> int:
        """The place of the outcome of a resolution that ends the incident; they have two."""
        return self.known.outcomes(self.known.resolutions[0]).index(BETTER)

    @cached_property
    def _needs(self) -> Places:
        """The place of the check that each step needs, (steps,); its own, where it needs none."""
        steps = self.known.steps
        return np.array([steps.index(self.known.needs.get(step, step)) for step in steps])

    def minutes_left(self, belief: Floats, done: Set[str], *, depth: int = DEPTH) -> dict[str, float]:
        """Step that is left → minutes until the incident is over, where that is next, and then what seems best.

        Args:
            belief: q(cause), (causes,).
            done: the steps that were made.
            depth: actions that are thought through, at least 1.
        """
        left = np.array([[step not in done for step in self.known.steps]])
        ahead = self._ahead(belief[None, :], left, depth)[0]
        return {step: float(ahead[at]) for at, step in enumerate(self.known.steps) if left[0, at]}

    def _ahead(self, b: Floats, left: Booleans, depth: int) -> Floats:
        """Minutes that are still to come, by the next step, (N, steps); infinite for what was made."""
        steps = left.shape[1]
        after = b[:, None, None, :] * self._likelihood
        after[:, self._mends, self._better] = 0.0  # then it is over
        still = np.repeat(left[:, None, :], steps, axis=1)
        each = np.arange(steps)
        still[:, each, each] = still[:, each, self._needs] = False
        possible = (after.sum(axis=-1) > 0.0) & left[:, :, None]
        place, step, _ = np.nonzero(possible)
        later = np.zeros(possible.shape)
        later[possible] = self._least(after[possible], still[place, step], depth - 1)
        return np.where(left, self._priced(b, left, each) + later.sum(axis=-1), np.inf)

    def _least(self, b: Floats, left: Booleans, depth: int) -> Floats:
        """Minutes that are still to come, by what seems best, (N,)."""
        planned = self._planned(b, left)
        return np.minimum(planned, self._ahead(b, left, depth).min(axis=1)) if depth else planned

    def _planned(self, b: Floats, left: Booleans) -> Floats:
        """Minutes that are still to come where only resolutions are tried, always what helps most for its minutes.

        What helps less than it costs is not: where all is left to others, that takes `AT_LAST` minutes.
        """
        b, left, minutes = b.copy(), left.copy(), np.zeros(len(b))
        every, mends = np.arange(len(b)), self._mends
        helps, fails = self._likelihood[mends, self._better], self._likelihood[mends, 1 - self._better]
        for _ in mends:
            price = self._priced(b, left, mends)
            worth = np.where(left[:, mends], AT_LAST * (b @ helps.T) / price, 0.0)
            best = worth.argmax(axis=1)
            tries = worth[every, best] > 1.0
            minutes += np.where(tries, price[every, best], 0.0)
            b = np.where(tries[:, None], b * fails[best], b)
            left[every, mends[best]] = left[every, self._needs[mends[best]]] = False
        return np.asarray(minutes + AT_LAST * b.sum(axis=1))

    def _priced(self, b: Floats, left: Booleans, steps: Places) -> Floats:
        """Minutes that steps take now, each with the check that it needs where that is left, (N, len(steps))."""
        needs = self._needs[steps]
        before = left[:, needs] & (needs != steps)
        return np.asarray(b @ self._costs[steps].T + np.where(before, b @ self._costs[needs].T, 0.0))
