"""What a ramp is to do: its steps in order, how long each may take, and what is good enough to go on.

Everything here is a value.  A plan that contradicts itself cannot be made; whether it fits a cluster is said by
`misfits`, with the cluster as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from actinf.errors import SettingError
from actinf.responder.measuring.queries import PAST
from actinf.responder.ramp.cluster import Standing
from actinf.runtime.wording import counted

__all__ = ["RUNBOOK", "Gates", "Kind", "Plan", "Step", "length_text", "misfits"]

_MOST_STEPS = 20
_LONGEST = timedelta(hours=24)
_MOST_REPLICAS = 1000


class Kind(StrEnum):
    """What a step does."""

    SMOKE = "smoke"  # tries whether the service does what it is there for
    LOAD = "load"  # tries whether it bears a reduced load
    REPLICAS = "replicas"  # brings it to so many replicas
    SOAK = "soak"  # looks at it for a while
    RELEASE = "release"  # gives the autoscaler its own lower bound back; comes last, and is in no plan

    @property
    def is_trial(self) -> bool:
        """Whether it is a command whose verdict counts."""
        return self in (Kind.SMOKE, Kind.LOAD)


_WITHIN = {
    Kind.SMOKE: timedelta(minutes=2),
    Kind.LOAD: timedelta(minutes=10),
    Kind.REPLICAS: timedelta(minutes=5),
    Kind.RELEASE: timedelta(minutes=5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step.

    Attributes:
        kind: what it does.
        replicas: of `REPLICAS`, how many have to be ready at its end; else 0.
        lasts: of `SOAK`, how long all has to be well without a break; else zero.
        within: how long it may take; None: what is usual, of a soak three times as long as it lasts.
    """

    kind: Kind
    replicas: int = 0
    lasts: timedelta = timedelta(0)
    within: timedelta | None = None

    @property
    def deadline(self) -> timedelta:
        """How long it may take."""
        if self.within is not None:
            return self.within
        return 3 * self.lasts if self.kind is Kind.SOAK else _WITHIN[self.kind]

    @property
    def words(self) -> str:
        """What it does, in a few words."""
        if self.kind is Kind.SMOKE:
            return "smoke test"
        if self.kind is Kind.LOAD:
            return "load test with reduced traffic"
        if self.kind is Kind.REPLICAS:
            return counted(self.replicas, "replica")
        if self.kind is Kind.SOAK:
            return f"{length_text(self.lasts)} soak"
        return "the autoscaler's own lower bound again"

    def document(self) -> dict[str, Any]:
        """The step as a file has it."""
        value = {Kind.REPLICAS: self.replicas, Kind.SOAK: length_text(self.lasts)}.get(self.kind)
        return {self.kind.value: value, **({} if self.within is None else {"within": length_text(self.within)})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What is good enough while a soak lasts.

    Attributes:
        errors: the largest share of requests that may fail, 0 to 1.
        worst_errors: the share from which there is nothing to wait for.
        p95: within how many seconds 95 of 100 requests have to be answered.
        slower: how many times slower than usual that may be, where it is known what is usual.
        grace: how long it may be worse than that before the ramp is broken off.
        blind: how long it may not be known before a person is asked.
        past: names of alerts that tell of hours gone by; that one of them begins to fire says nothing of now.
    """

    errors: float = 0.01
    worst_errors: float = 0.1
    p95: float = 0.5
    slower: float = 2.0
    grace: timedelta = timedelta(minutes=2)
    blind: timedelta = timedelta(minutes=5)
    past: tuple[str, ...] = PAST

    def __post_init__(self) -> None:
        if not 0 <= self.errors < self.worst_errors <= 1:
            raise SettingError(
                f"limits: errors is {self.errors:.2%} and worst_errors {self.worst_errors:.2%}: expected shares of "
                "requests from 0 % to 100 %, and more for worst_errors than for errors"
            )
        if not 0 < self.p95 <= 600:
            raise SettingError(f"limits: p95 is {self.p95:g} s: expected more than 0 and at most 600 s")
        if not 1 < self.slower <= 100:
            raise SettingError(f"limits: slower is {self.slower:g} times: expected more than 1 and at most 100")
        for name in ("grace", "blind"):
            given: timedelta = getattr(self, name)
            if not timedelta(seconds=1) <= given <= _LONGEST:
                raise SettingError(f"limits: {name} is {length_text(given)}: expected 1s to 24h")

    def document(self) -> dict[str, Any]:
        """The limits as a file has them."""
        return {
            "errors": f"{self.errors * 100:g}%",
            "worst_errors": f"{self.worst_errors * 100:g}%",
            "p95": f"{self.p95 * 1000:g}ms",
            "slower": f"{self.slower:g}",
            "grace": length_text(self.grace),
            "blind": length_text(self.blind),
            "past": list(self.past),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan.

    Attributes:
        steps: in order.
        gates: what is good enough.
    """

    steps: tuple[Step, ...]
    gates: Gates = field(default_factory=Gates)

    def __post_init__(self) -> None:
        problems = [sentence for _, sentence in contradictions(self.steps)]
        if problems:
            raise SettingError("\n".join(problems))

    @classmethod
    def from_document(cls, document: object) -> Plan:
        """The plan that plain values state, as `document` writes them.

        Raises:
            SettingError: every mistake, in a line each.
        """
        from actinf.responder.document_text import read_values
        from actinf.responder.ramp.plan_document import read

        return read_values(document, read)

    @classmethod
    def from_text(cls, text: str, name: str = "plan") -> Plan:
        """The plan that a text in YAML or JSON states.

        Args:
            text: of it.
            name: what the text is called in messages.

        Raises:
            SettingError: every mistake as `name:line: sentence`.
        """
        from actinf.responder.document_text import read_text  # YAML takes a while to load
        from actinf.responder.ramp.plan_document import read

        return read_text(text, name, read)

    def document(self) -> dict[str, Any]:
        """The plan as mappings, lists and texts, from which `from_document` makes the same one again."""
        return {"steps": [one.document() for one in self.steps], "limits": self.gates.document()}


def contradictions(steps: tuple[Step, ...]) -> list[tuple[int, str]]:
    """What makes no sense in steps, each with the number of the step, from 0."""
    if not steps:
        return [(0, "steps is empty: expected a smoke test, and steps that follow it")]
    if len(steps) > _MOST_STEPS:
        return [(_MOST_STEPS, f"steps has {len(steps)} entries: at most {_MOST_STEPS} are taken")]
    found = [(number, sentence) for number, step in enumerate(steps) for sentence in _wrong_in(step)]
    if steps[0].kind is not Kind.SMOKE:
        found.append(
            (
                0,
                f"the first step is {steps[0].words}: expected the smoke test, or load comes to what does not work",
            )
        )
    for number, step in enumerate(steps):
        if number and step.kind.is_trial and step.kind in (one.kind for one in steps[:number]):
            found.append((number, f"step {number + 1} is a second {step.words}: leave one out"))
    found += _not_rising(steps)
    if not any(step.kind is Kind.REPLICAS for step in steps):
        found.append((len(steps) - 1, "no step has replicas: a ramp without one brings nothing back"))
    return found


def _wrong_in(step: Step) -> list[str]:
    wrong = []
    if step.kind is Kind.RELEASE:
        wrong.append("'release' is no step to be written: with an autoscaler it follows by itself")
    if step.kind is Kind.REPLICAS and not 1 <= step.replicas <= _MOST_REPLICAS:
        wrong.append(f"replicas is {step.replicas}: expected 1 to {_MOST_REPLICAS}")
    if step.kind is Kind.SOAK and not timedelta(seconds=1) <= step.lasts <= _LONGEST:
        wrong.append(f"soak is {length_text(step.lasts)}: expected 1s to 24h; in no time nothing shows")
        if step.within is None:
            return wrong  # until when it has to end follows from how long it lasts
    if not timedelta(0) < step.deadline <= 3 * _LONGEST:
        wrong.append(f"{step.words} has to end within {length_text(step.deadline)}: expected 1s to 72h")
    elif step.kind is Kind.SOAK and step.deadline < step.lasts:
        wrong.append(
            f"{step.words} has to end within {length_text(step.deadline)}, which is less than it lasts: give it more"
        )
    return wrong


def _not_rising(steps: tuple[Step, ...]) -> list[tuple[int, str]]:
    found = []
    scalings = [(number, step) for number, step in enumerate(steps) if step.kind is Kind.REPLICAS]
    for (before, one), (after, other) in pairwise(scalings):
        if other.replicas < one.replicas:
            found.append(
                (after, f"replicas is {other.replicas} after {one.replicas}: a ramp goes up; expected more than "
                 f"{one.replicas}")
            )  # fmt: skip
        elif other.replicas == one.replicas:
            found.append((after, f"replicas is {other.replicas} a second time, which changes nothing: leave one out"))
        if not any(step.kind is Kind.SOAK for step in steps[before:after]):
            found.append(
                (after, f"{other.words} follow {one.words} without a soak between: nothing would show that "
                 f"{one.replicas} do no harm")
            )  # fmt: skip
    return found


def misfits(plan: Plan, standing: Standing, *, most_replicas: int, may_go_down: bool) -> list[str]:
    """Why a plan cannot be carried out on a cluster as it stands; empty: it can.

    Args:
        plan: what is to be done.
        standing: how the cluster stands.
        most_replicas: as many as the database has connections for.
        may_go_down: whether it was said, twice, that replicas may be taken away.
    """
    found = []
    if standing.replicas == 0:
        found.append(
            "the deployment is scaled to 0: there is nothing that a smoke test could try; begin with one replica, "
            "kubectl scale --replicas=1"
        )
    scaler = standing.autoscaler
    for step in plan.steps:
        if step.kind is not Kind.REPLICAS:
            continue
        if step.replicas > most_replicas:
            found.append(
                f"{step.words} are more than the database has connections for, {most_replicas}: plan for fewer, or "
                "give the database more connections and say so (api.mostReplicas, ACTINF_RESPOND_RAMP_MOST_REPLICAS)"
            )
        if scaler is not None and step.replicas > scaler.most:
            found.append(
                f"{step.words} are more than the autoscaler {scaler.name} lets be, maxReplicas {scaler.most}: plan "
                "for fewer, or raise it first"
            )
        found += going_down(step.replicas, standing, may_go_down=may_go_down)
    return found


def going_down(wanted: int, standing: Standing, *, may_go_down: bool) -> list[str]:
    """Why a number of replicas may not be set: it would take some away."""
    there = standing.least_or_replicas
    if may_go_down or wanted >= there:
        return []
    what = f"minReplicas of the autoscaler {standing.autoscaler.name} is" if standing.autoscaler else "there are"
    unit = "" if standing.autoscaler else " replicas"
    return [
        f"{what} {there}{unit}, and {wanted} would be fewer: replicas are not taken away during an incident, unless it "
        "is said twice, --down --yes-down"
    ]


def length_text(lasts: timedelta) -> str:
    """A length of time as a plan has it.

    >>> length_text(timedelta(minutes=15)), length_text(timedelta(seconds=90)), length_text(timedelta(hours=2))
    ('15m', '1m 30s', '2h')
    """
    seconds = int(lasts.total_seconds())
    if seconds <= 0:
        return f"{lasts.total_seconds():g}s"
    parts = [(seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


#: As the runbook has it.
RUNBOOK = Plan(
    steps=(
        Step(kind=Kind.SMOKE),
        Step(kind=Kind.LOAD),
        Step(kind=Kind.REPLICAS, replicas=3),
        Step(kind=Kind.SOAK, lasts=timedelta(minutes=15)),
        Step(kind=Kind.REPLICAS, replicas=5),
    )
)
