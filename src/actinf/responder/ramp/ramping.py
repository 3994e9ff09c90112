"""What people do with ramps: look at what one would do, begin it, look at it, and say what it is to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from actinf.errors import NoSuchRamp, OutOfTurn, SettingError
from actinf.responder.desk import Desk
from actinf.responder.incident.event import Event
from actinf.responder.incident.ramp_events import (
    RampAborted,
    RampBegan,
    RampGoesBack,
    RampPaused,
    RampResumed,
    RampStepDone,
)
from actinf.responder.incident.state import Incident
from actinf.responder.ramp.cluster import Cluster, Standing
from actinf.responder.ramp.documents import preview_document, ramp_document, standing_words
from actinf.responder.ramp.driver import ended_with, left_of, way_back_of, with_step
from actinf.responder.ramp.plan import RUNBOOK, Kind, Plan, Step, misfits
from actinf.responder.ramp.requests import Direction, DirectRamp, StartRamp
from actinf.responder.ramp.state import Bound, Ramp, State
from actinf.responder.ramp.trials import Trials
from actinf.responder.ramp.words import IS, stopped_at
from actinf.responder.store import incidents, ramps

__all__ = ["Ramping"]


@dataclass(frozen=True, slots=True)
class Ramping:
    """Begins and directs ramps; `actinf.responder.ramp.driver.Driver` carries them out.

    Attributes:
        desk: through which it is written down.
        cluster: what is scaled.
        trials: what is tried.
        most_replicas: as many as the database has connections for.
    """

    desk: Desk
    cluster: Cluster
    trials: Trials
    most_replicas: int

    def preview(self, incident: str, request: StartRamp) -> dict[str, Any]:
        """What a ramp would do, and why it would not begin; nothing is changed.

        Raises:
            NoSuchIncident: there is none of that id.
            SettingError: the plan contradicts itself.
            ClusterTrouble: the cluster cannot be seen.
        """
        found = self.desk.incident(incident)
        plan, standing, problems = self._considered(request)
        problems = [*_not_now(found), *self._in_the_way(), *problems]
        may = request.may_go_down
        return preview_document(plan, standing, self.cluster, self.trials, problems, may_go_down=may)

    def start(self, incident: str, request: StartRamp, *, by: str) -> dict[str, Any]:
        """Begin a ramp.

        Raises:
            NoSuchIncident, SettingError, ClusterTrouble: as `preview`; SettingError also where the plan does not fit.
            OutOfTurn: the incident is not open, or another ramp goes on.
        """
        _require(_not_now(self.desk.incident(incident)))
        plan, standing, problems = self._considered(request)
        if problems:
            raise SettingError("\n".join(problems))
        steps = plan.steps if standing.autoscaler is None else (*plan.steps, Step(kind=Kind.RELEASE))
        with self.desk.store.writing() as connection:
            before, now = incidents.incident(connection, incident), self.desk.clock()
            _require(_not_now(before))
            ramp = ramps.add(
                connection,
                incident=incident,
                target=self.cluster.target,
                plan=plan,
                steps=steps,
                may_go_down=request.may_go_down,
                now=now,
            )
            began = RampBegan(
                ramp=ramp.id,
                target=ramp.target,
                steps=tuple(step.words for step in steps),
                there=standing_words(standing),
                may_go_down=ramp.may_go_down,
            )
            after = self.desk.record(connection, incident, before, (began,), by=by)
            return ramp_document(ramp, after, now)

    def document(self, incident: str) -> dict[str, Any]:
        """The latest ramp of an incident.

        Raises:
            NoSuchIncident: there is none of that id.
            NoSuchRamp: it has none.
        """
        found = self.ramp(incident)
        if found is None:
            raise _no_ramp(incident)
        return found

    def ramp(self, incident: str) -> dict[str, Any] | None:
        """As `document`; None: the incident has none."""
        with self.desk.store.reading() as connection:
            whose = incidents.incident(connection, incident)
            ramp = ramps.latest(connection, incident)
            return None if ramp is None else ramp_document(ramp, whose, self.desk.clock())

    def direct(self, incident: str, direction: Direction, request: DirectRamp, *, by: str) -> dict[str, Any]:
        """Say to the latest ramp of an incident what it is to do.

        Raises:
            NoSuchIncident, NoSuchRamp: there is none.
            OutOfTurn: it is not in a state for that.
            SettingError: that it may take replicas away was not said twice, or a reason is missing.
        """
        there = self._there(incident) if direction is Direction.RESUME else None
        with self.desk.store.writing() as connection:
            before, now = incidents.incident(connection, incident), self.desk.clock()
            ramp = ramps.latest(connection, incident)
            if ramp is None:
                raise _no_ramp(incident)
            after, events = _directed(ramp, direction, request, there, now)
            kept = self._keep(connection, ramp, after)
            whose = self.desk.record(connection, incident, before, events, by=by) if events else before
        if direction in (Direction.PASS, Direction.ABORT, Direction.ROLLBACK):
            self._stop_trial(ramp)
        return ramp_document(kept, whose, now)

    def _in_the_way(self) -> list[str]:
        """Whether another ramp goes on; not whose, which not everybody may know."""
        with self.desk.store.reading() as connection:
            there = [one for one in ramps.going_on(connection) if one.target == self.cluster.target]
        return [ramps.another(self.cluster.target)] if there else []

    def _there(self, incident: str) -> Bound | None:
        """What a ramp that goes on takes as given; None: it has set nothing yet, and looks itself."""
        with self.desk.store.reading() as connection:
            ramp = ramps.latest(connection, incident)
        if ramp is None or ramp.state is not State.HELD or ramp.before is None or ramp.is_going_back:
            return None
        standing = self.cluster.look()
        name = None if standing.autoscaler is None else standing.autoscaler.name
        return Bound(autoscaler=name, value=standing.least_or_replicas)

    @staticmethod
    def _keep(connection: sqlite3.Connection, ramp: Ramp, after: Ramp) -> Ramp:
        try:
            kept = ramps.keep(connection, ramp, after)
        except sqlite3.IntegrityError:
            raise OutOfTurn(f"another ramp goes on for {ramp.target}: direct that one") from None
        if kept is None:  # within one transaction nobody else changes it
            raise OutOfTurn("the ramp has changed meanwhile: look at it, and say it again")
        return kept

    def _stop_trial(self, ramp: Ramp) -> None:
        current = ramp.current
        if current is not None and current.step.kind.is_trial and current.began_at is not None:
            self.trials.stop(ramp.trial(current))

    def _usual(self) -> Plan:
        """The runbook's plan, without a load test where there is none."""
        kinds = self.trials.kinds
        return replace(RUNBOOK, steps=tuple(one for one in RUNBOOK.steps if not one.kind.is_trial or one.kind in kinds))

    def _considered(self, request: StartRamp) -> tuple[Plan, Standing, Sequence[str]]:
        plan = self._usual() if request.plan is None else Plan.from_document(request.plan)
        may = request.may_go_down
        standing = self.cluster.look()
        missing = [self.trials.missing(step.kind) for step in plan.steps if step.kind.is_trial]
        problems = misfits(plan, standing, most_replicas=self.most_replicas, may_go_down=may)
        return plan, standing, [*filter(None, missing), *problems]


def _not_now(incident: Incident) -> list[str]:
    if incident.is_open:
        return []
    return [
        f"{incident.id} is not open ({incident.status}): a ramp brings a service back while its incident is being "
        f"worked on; reopen it, actinf incident reopen {incident.id}"
    ]


def _require(problems: Sequence[str]) -> None:
    if problems:
        raise OutOfTurn("\n".join(problems))


def _no_ramp(incident: str) -> NoSuchRamp:
    return NoSuchRamp(
        f"{incident} has no ramp: begin one, actinf incident ramp start {incident} --dry-run shows what it does"
    )


def _directed(
    ramp: Ramp, direction: Direction, request: DirectRamp, there: Bound | None, now: datetime
) -> tuple[Ramp, tuple[Event, ...]]:
    """How a ramp stands after a person said what it is to do, and what that is on the timeline."""
    if direction is Direction.PAUSE:
        _must_be(ramp, direction, State.RUNS)
        return replace(ramp, state=State.PAUSED), (RampPaused(ramp=ramp.id, reason=request.reason),)
    if direction is Direction.RESUME:
        _must_be(ramp, direction, State.PAUSED, State.HELD)
        if ramp.is_going_back:
            after = replace(ramp, state=State.GOES_BACK, why=request.reason or "asked for again")
            return after, (RampResumed(ramp=ramp.id, reason=request.reason),)
        if ramp.state is State.HELD and ramp.before is not None and there is None:
            # What is there was not looked at, since a moment ago it was not held.
            raise OutOfTurn(f"ramp {ramp.id} of {ramp.incident} is held since a moment ago: look why, and say it again")
        return _resumed(ramp, there, now), (RampResumed(ramp=ramp.id, reason=request.reason),)
    if direction is Direction.PASS:
        return _let_pass(ramp, request, now)
    if direction is Direction.ABORT:
        _must_be(ramp, direction, State.RUNS, State.PAUSED, State.HELD, State.GOES_BACK)
        event = RampAborted(
            ramp=ramp.id, step=stopped_at(ramp), why="asked for", left=left_of(ramp), reason=request.reason
        )
        return replace(ramp, state=State.ABORTED, ended_at=now, why="asked for", tries=None), (event,)
    after = _rolled_back(ramp, request)
    change = "" if after.way_back is None else after.way_back.words
    return after, (RampGoesBack(ramp=ramp.id, change=change, why=after.why, reason=request.reason),)


def _resumed(ramp: Ramp, there: Bound | None, now: datetime) -> Ramp:
    current = ramp.current
    if current is None:
        return replace(ramp, state=State.RUNS, why="")
    if ramp.state is State.HELD:
        # What stopped it was looked at by a person: the step begins anew, with what is there as given.
        anew = replace(
            current, attempt=current.attempt + 1, began_at=None, counts_from=None, change=None, progress={}, found=""
        )
        before = ramp.before
        if there is not None and before is not None and before.autoscaler != there.autoscaler:
            before = there  # what was before is of another kind, and cannot be had again
        return replace(with_step(ramp, anew), state=State.RUNS, why="", before=before, expected=there)
    counts = None if current.counts_from is None else now
    return replace(with_step(ramp, replace(current, counts_from=counts)), state=State.RUNS, why="")


def _let_pass(ramp: Ramp, request: DirectRamp, now: datetime) -> tuple[Ramp, tuple[Event, ...]]:
    _must_be(ramp, Direction.PASS, State.RUNS, State.PAUSED, State.HELD)
    if ramp.is_going_back:
        raise OutOfTurn(f"ramp {ramp.id} is held on its way back: no step of it can be let pass any more")
    current = ramp.current
    if current is None or not (current.step.kind.is_trial or current.step.kind is Kind.SOAK):
        raise OutOfTurn(f"the ramp is at {stopped_at(ramp)}, and only trials and soaks can be let pass on a word")
    if not request.reason:
        raise SettingError("reason is empty: say on what grounds the step may pass, it stands on the timeline")
    found = current.found
    after = with_step(
        replace(ramp, state=State.RUNS, why=""),
        replace(current, ended_at=now, passed=True, began_at=current.began_at or now),
    )
    done = RampStepDone(ramp=ramp.id, number=current.number, step=current.step.words, found=found, word=request.reason)
    return ended_with(after, done, now)[0], ended_with(after, done, now)[1:]


def _rolled_back(ramp: Ramp, request: DirectRamp) -> Ramp:
    _must_be(ramp, Direction.ROLLBACK, State.RUNS, State.PAUSED, State.HELD, State.ABORTED, State.DONE)
    back = way_back_of(ramp)
    if back is None:
        raise OutOfTurn(f"ramp {ramp.id} has set nothing that could be put back: {left_of(ramp)}")
    may = ramp.may_go_down or request.may_go_down
    if back.autoscaler is None and back.wanted < back.now and not may:
        raise SettingError(
            f"going back takes replicas away, {back.now} → {back.wanted}: during an incident that has to be said "
            "twice, --down --yes-down"
        )
    return replace(
        ramp, state=State.GOES_BACK, ended_at=None, why="asked for", way_back=back, may_go_down=may, tries=None
    )


def _must_be(ramp: Ramp, direction: Direction, *states: State) -> None:
    if ramp.state not in states:
        raise OutOfTurn(
            f"ramp {ramp.id} of {ramp.incident} is {IS[ramp.state]}, and {direction} is for one that is "
            f"{' or '.join(IS[state] for state in states)}"
        )
