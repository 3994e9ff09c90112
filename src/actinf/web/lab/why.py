"""Why an agent did what it did, as it is drawn: policies by their terms, and what decided between the two best."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from actinf.lab.explain import MEANING, Part, Reasons

__all__ = ["Cause", "PolicyRow", "Segment", "Why"]

MOST_POLICIES = 8
MOST_CAUSES = 6
_LIMIT = 1e-9


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a bar, in percent of its width; `kind` says how it is filled."""

    kind: str
    start: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A policy: what it would do, how probable it is, and what its G is made of, in nats."""

    actions: tuple[str, ...]
    starts_so: bool
    q_pi: float
    G: float
    terms: dict[str, float]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One part of the difference between two policies, in nats."""

    said: str
    difference: float
    segment: Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The reasons for one action.

    Attributes:
        sentences: in words.
        terms: the terms that matter here, with their meaning.
        policies: the most probable ones; others: how many more there are; rest: their probability.
        zero: where zero lies in the bars of the policies, in percent.
        mine, other: the best policy that starts as the agent did, and the best that starts otherwise.
        gap: how much worse the other one is, in nats.
        causes: the largest parts of that; smaller: how many more parts there are, and remainder: their sum.
        habits: whether a prior of the policies had a say beside G.
    """

    sentences: tuple[str, ...]
    terms: dict[str, str]
    policies: tuple[PolicyRow, ...]
    others: int
    rest: float
    zero: float
    mine: str
    other: str
    gap: float
    causes: tuple[Cause, ...]
    smaller: int
    remainder: float
    habits: bool

    @classmethod
    def of(cls, reasons: Reasons, actions_of: list[tuple[str, ...]]) -> Self:
        """The reasons of a step.

        Args:
            reasons: of the lab.
            actions_of: for each policy its joint actions in words, one for each step ahead.
        """
        terms = reasons.terms
        best = [int(policy) for policy in terms.best(MOST_POLICIES)]
        parts = {name: values for name, values in terms.parts.items() if np.any(np.abs(values) > _LIMIT)}
        mine, other = (find(reasons.action_index) for find in (terms.best_starting_with, terms.best_starting_otherwise))
        contrast = [] if mine is None or other is None else terms.contrast(mine, other)
        rows, zero = _drawn(parts, best)
        starts = np.all(terms.policies[:, 0] == np.asarray(reasons.action_index), axis=1)
        return cls(
            sentences=tuple(reasons.in_words()),
            terms={name: MEANING[name] for name in parts},
            policies=tuple(
                PolicyRow(
                    actions=actions_of[policy],
                    starts_so=bool(starts[policy]),
                    q_pi=float(terms.q_pi[policy]),
                    G=float(terms.G[policy]),
                    terms={name: float(values[policy]) for name, values in parts.items()},
                    segments=segments,
                )
                for policy, segments in zip(best, rows)
            ),
            others=len(terms.G) - len(best),
            rest=max(0.0, 1.0 - float(terms.q_pi[best].sum())),
            zero=zero,
            mine="" if mine is None else terms.labels[mine],
            other="" if other is None else terms.labels[other],
            gap=0.0 if mine is None or other is None else float(terms.G[other] - terms.G[mine]),
            causes=_causes(contrast[:MOST_CAUSES]),
            smaller=max(0, len(contrast) - MOST_CAUSES),
            remainder=sum(difference for difference, _ in contrast[MOST_CAUSES:]),
            habits=bool(np.ptp(terms.log_E) > _LIMIT),
        )


def _drawn(parts: dict[str, np.ndarray], best: list[int]) -> tuple[list[tuple[Segment, ...]], float]:
    """The bars of some policies on one scale: what lowers G goes to the left of zero, what raises it to the right."""
    sizes = {name: np.nan_to_num(values[best], posinf=0.0, neginf=0.0) for name, values in parts.items()}
    if not sizes:
        return [() for _ in best], 0.0
    stacked = np.array(list(sizes.values()))
    left, right = -np.minimum(stacked, 0.0).sum(0).min(), np.maximum(stacked, 0.0).sum(0).max()
    scale = 100.0 / max(left + right, _LIMIT)
    rows = []
    for at in range(len(best)):
        segments, below, above = [], left * scale, left * scale
        for name, values in sizes.items():
            width = abs(float(values[at])) * scale
            if values[at] < 0.0:
                below -= width
                segments.append(Segment(_kind(name), below, width))
            else:
                segments.append(Segment(_kind(name), above, width))
                above += width
        rows.append(tuple(segment for segment in segments if segment.width > 0.0))
    return rows, float(left * scale)


def _causes(found: list[tuple[float, Part]]) -> tuple[Cause, ...]:
    """Bars to the left and to the right of a line in the middle."""
    finite = [abs(difference) for difference, _ in found if np.isfinite(difference)]
    scale = 50.0 / max([*finite, _LIMIT])
    causes = []
    for difference, part in found:
        width = min(50.0, abs(difference) * scale)
        segment = Segment(_kind(part.term), 50.0 if difference > 0 else 50.0 - width, width)
        when = "next step" if part.ahead == 1 else f"{part.ahead} steps ahead"
        causes.append(Cause(said=f"{part.term} of {part.about}, {when}", difference=difference, segment=segment))
    return tuple(causes)


def _kind(term: str) -> str:
    """The name of a term in the stylesheet."""
    return term.replace(" ", "-").lower()
