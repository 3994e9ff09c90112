"""Carries ramps out: one look, and one thing done, after another.

What is about to be done is committed before it is done, and what came of it afterwards; between the two the process may
die, and whoever comes next looks how it stands.  Questions to the cluster and to monitoring are asked outside of
transactions.  A person may change a ramp at any time: what was decided from how it stood before is then dropped.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from actinf.errors import ClusterRefused, ClusterTrouble
from actinf.responder.channels.neutral import line
from actinf.responder.desk import BY_ITSELF, Desk
from actinf.responder.incident.event import Event
from actinf.responder.incident.ramp_events import (
    RampAborted,
    RampDone,
    RampGoesBack,
    RampHeld,
    RampStepDone,
    RampWentBack,
)
from actinf.responder.ramp.cluster import Cluster, Standing
from actinf.responder.ramp.gates import LOOKS_EVERY, Measured, Mood, Outcome, Seen, Soak, judged, measured, soaked
from actinf.responder.ramp.plan import Kind, going_down, length_text
from actinf.responder.ramp.state import Bound, Change, Ramp, State, Stepped, Tries, failed
from actinf.responder.ramp.trials import Fate, Trials
from actinf.responder.ramp.words import stopped_at
from actinf.responder.store import incidents, ramps

__all__ = ["Driver", "ended_with", "left_of", "way_back_of", "with_step"]

_LOG = logging.getLogger(__name__)

#: A trial that was lost without a verdict is begun a second time, and then a person is asked.
_MOST_ATTEMPTS = 2
#: A trial ends itself when its time is over; this much later something is wrong with it.
_OVERTIME = timedelta(seconds=60)
_MOST_FOUND = 800
#: Refused so often, one time after another, it is for a person: asking again changes nobody's mind.
_MOST_REFUSALS = 3
#: As long as this the way back is tried while the cluster does not answer; a step has its own time.
_LONGEST_WAY_BACK = timedelta(minutes=30)
#: In the progress of a step that sets something: that it was set.
_MADE = "made"


@dataclass(frozen=True, slots=True)
class Driver:
    """Carries out the ramps of a store.

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

    def once(self) -> bool:
        """Take every ramp as far as it goes now; whether anything was written."""
        with self.desk.store.reading() as connection:
            there = ramps.going_on(connection)
        written = [self._advanced(ramp) for ramp in there]
        return any(written)

    def _advanced(self, ramp: Ramp) -> bool:
        if ramp.state not in (State.RUNS, State.GOES_BACK):
            return False
        if ramp.target != self.cluster.target:
            why = f"it is about the {ramp.target}, and this responder is set up for {self.cluster.target or 'none'}"
            return self._held(ramp, why) is not None
        if ramp.tries is not None and ramp.tries.rests(self.desk.clock()):
            return False
        if ramp.state is State.GOES_BACK:
            return self._go_back(ramp)
        stepped = ramp.current
        if stepped is None:
            return False
        if stepped.step.kind.is_trial:
            return self._try(ramp, stepped)
        if stepped.step.kind is Kind.SOAK:
            return self._soak(ramp, stepped)
        return self._scale(ramp, stepped)

    # ------------------------------------------------------------------------------------------------------- trials

    def _try(self, ramp: Ramp, stepped: Stepped) -> bool:
        if stepped.began_at is None:
            begun = self._begun(ramp, stepped)
            return begun is not None and (self._follow(begun, _same(begun, stepped)) or True)
        return self._follow(ramp, stepped)

    def _follow(self, ramp: Ramp, stepped: Stepped) -> bool:
        name = ramp.trial(stepped)
        found = self.trials.fate(name)
        if found is Fate.UNKNOWN:
            return self._begin_trial(ramp, stepped)
        if found is Fate.RUNS:
            if self._is_late(stepped, _OVERTIME):
                self.trials.stop(name)
                return self._held(ramp, f"the {stepped.step.words} does not end by itself") is not None
            return False
        if found is Fate.LOST:
            if stepped.attempt < _MOST_ATTEMPTS:
                _LOG.warning("the trial %s was cut off, and is begun anew", name)
                anew = replace(
                    stepped, attempt=stepped.attempt + 1, began_at=None, found="it was cut off, and begins anew"
                )
                return self._kept(ramp, with_step(ramp, anew)) is not None
            why = f"the {stepped.step.words} was cut off {stepped.attempt} times, and has no verdict"
            return self._held(ramp, why) is not None
        if isinstance(found, Fate):
            return False
        if found.passed:
            return self._passed(ramp, stepped, found.said) is not None
        return self._breached(ramp, stepped, f"the {stepped.step.words} failed: {found.words}") is not None

    def _begin_trial(self, ramp: Ramp, stepped: Stepped) -> bool:
        try:
            self.trials.begin(ramp.trial(stepped), stepped.step.kind, stepped.step.deadline)
        except OSError as error:
            _LOG.warning("%s", error)
            if self._is_late(stepped):
                return self._held(ramp, str(error)) is not None
            return self._seen(ramp, stepped, str(error))
        return False

    # ------------------------------------------------------------------------------------------------------ scaling

    def _scale(self, ramp: Ramp, stepped: Stepped) -> bool:
        try:
            standing = self.cluster.look()
        except ClusterTrouble as error:
            return self._not_seen(ramp, stepped, error)
        if stepped.change is None:
            intended = self._intended(ramp, stepped, standing)
            if isinstance(intended, str):
                return self._held(ramp, intended) is not None
            now = self.desk.clock()
            there = Bound(autoscaler=intended.autoscaler, value=intended.now)
            same_kind = ramp.before is not None and ramp.before.autoscaler == there.autoscaler
            meant = replace(stepped, change=intended, began_at=stepped.began_at or now, counts_from=now, found="")
            after = replace(
                with_step(ramp, meant),
                before=ramp.before if same_kind else there,
                expected=Bound(autoscaler=intended.autoscaler, value=intended.wanted),
            )
            kept = self._kept(ramp, after)
            if kept is not None:
                self._make_and_note(kept, meant, intended)
            return kept is not None
        return self._look_after(ramp, stepped, stepped.change, standing)

    def _look_after(self, ramp: Ramp, stepped: Stepped, change: Change, standing: Standing) -> bool:
        """See to it that what was intended is done, and wait until it shows."""
        strange = _strange(change, standing)
        if strange:
            return self._held(ramp, strange) is not None
        if standing.least_or_replicas != change.wanted:
            if stepped.progress.get(_MADE):
                return self._held(ramp, _undone(change, standing)) is not None
            # Also where its time is over: who should have done it may have been away.
            return self._make_and_note(ramp, stepped, change)
        if standing.ready >= stepped.step.replicas:
            return self._passed(ramp, stepped, f"{change.words}; {standing.ready} ready") is not None
        told = f"{standing.ready} of {stepped.step.replicas} replicas are ready"
        if self._is_late(stepped):
            return self._breached(ramp, stepped, f"{told} after {length_text(stepped.step.deadline)}") is not None
        return self._seen(ramp, stepped, told)

    def _intended(self, ramp: Ramp, stepped: Stepped, standing: Standing) -> Change | str:
        """What has to be set, or why it must not be."""
        drifted = _drifted(ramp, standing)
        if drifted:
            return drifted
        scaler, there = standing.autoscaler, standing.least_or_replicas
        name = None if scaler is None else scaler.name
        if stepped.step.kind is Kind.RELEASE:
            back = ramp.before.value if ramp.before is not None and ramp.before.autoscaler == name else there
            return Change(autoscaler=name, now=there, wanted=back)
        wanted = stepped.step.replicas
        if scaler is not None and wanted > scaler.most:
            return f"{wanted} replicas are more than the autoscaler {scaler.name} lets be, maxReplicas {scaler.most}"
        if wanted > self.most_replicas:
            return f"{wanted} replicas are more than the database has connections for, {self.most_replicas}"
        down = going_down(wanted, standing, may_go_down=ramp.may_go_down)
        return down[0] if down else Change(autoscaler=name, now=there, wanted=wanted)

    def _make_and_note(self, ramp: Ramp, stepped: Stepped, change: Change) -> bool:
        """Set what is intended, and note that it was done: its time counts from then, and it is done once."""
        try:
            self._make(ramp, change)
        except ClusterTrouble as error:
            return self._try_later(ramp, stepped, error, f"{change.words} could not be set: {error}", change)
        noted = replace(stepped, counts_from=self.desk.clock(), progress={_MADE: True}, found="")
        return self._kept(ramp, replace(with_step(ramp, noted), tries=None)) is not None

    def _make(self, ramp: Ramp, change: Change) -> None:
        """Set what is intended, if the ramp still stands as it was read."""
        if change.now == change.wanted:
            return
        with self.desk.store.reading() as connection:
            if not ramps.is_still(connection, ramp):
                return
        self.cluster.scale(change.autoscaler, change.now, change.wanted)

    def _not_seen(self, ramp: Ramp, stepped: Stepped, error: ClusterTrouble) -> bool:
        """The cluster cannot be seen: wait for it, for as long as the step may take."""
        if stepped.began_at is None:
            return self._begun(ramp, replace(stepped, found=line(str(error), _MOST_FOUND))) is not None
        return self._try_later(ramp, stepped, error, str(error))

    def _try_later(
        self, ramp: Ramp, stepped: Stepped, error: ClusterTrouble, why: str, change: Change | None = None
    ) -> bool:
        """A step is not done by the cluster: let it rest, or ask a person where its time is over or it is refused."""
        tries = self._tried(ramp, error)
        if tries.refused >= _MOST_REFUSALS or self._is_late(stepped):
            left = ramp
            if change is not None and tries.refused:  # it is known that what was there is there
                left = replace(ramp, expected=Bound(autoscaler=change.autoscaler, value=change.now))
            return self._held(left, f"{why}{_how_often(tries)}", read=ramp) is not None
        noted = replace(stepped, found=line(why, _MOST_FOUND))
        self._kept(ramp, replace(with_step(ramp, noted), tries=tries))
        return False

    def _tried(self, ramp: Ramp, error: ClusterTrouble) -> Tries:
        _LOG.warning("ramp %d: %s", ramp.id, error)
        why, refused = line(str(error), _MOST_FOUND), isinstance(error, ClusterRefused)
        return failed(ramp.tries, why, self.desk.clock(), refused=refused)

    # --------------------------------------------------------------------------------------------------------- soak

    def _soak(self, ramp: Ramp, stepped: Stepped) -> bool:
        soak, now = Soak.of(stepped.progress), self.desk.clock()
        if soak.looked_at is not None and now - soak.looked_at < LOOKS_EVERY:
            return False
        standing, trouble = None, ""
        try:
            standing = self.cluster.look()
        except ClusterTrouble as error:
            if stepped.began_at is None:
                return self._not_seen(ramp, stepped, error)
            trouble = str(error)
        if stepped.began_at is None and standing is not None:
            begins = Soak(restarts={uid: pod.restarts for uid, pod in standing.pods.items()})
            return self._begun(ramp, replace(stepped, progress=begins.stored())) is not None
        if standing is not None and (drifted := _drifted(ramp, standing)):
            return self._held(ramp, drifted) is not None
        seen = self._judged(ramp, soak, standing, trouble)
        if soak.is_stale(now):
            stepped = replace(stepped, counts_from=now)  # it begins anew
        soak, outcome, why = soaked(soak, seen, ramp.plan.gates, stepped.step.lasts, now)
        looked = replace(stepped, progress=soak.stored(), found=line(why, _MOST_FOUND))
        if outcome is Outcome.PASSED:
            return self._passed(ramp, looked, why) is not None
        if outcome is Outcome.BREACHED:
            return self._breached(ramp, looked, why) is not None
        if outcome is Outcome.ASKS:
            return self._held(with_step(ramp, looked), why, read=ramp) is not None
        if self._is_late(stepped):
            lasts = length_text(stepped.step.lasts)
            why = (
                f"within {length_text(stepped.step.deadline)} it was never well for {lasts} without a break; now: {why}"
            )
            return self._held(with_step(ramp, looked), why, read=ramp) is not None
        return self._kept(ramp, with_step(ramp, looked)) is not None

    def _judged(self, ramp: Ramp, soak: Soak, standing: Standing | None, trouble: str) -> Seen:
        wanted = ramp.wanted
        found: Measured = measured(self.desk.measurements)
        alerts = self._new_alerts(ramp)
        there = standing or Standing(replicas=wanted, ready=wanted, autoscaler=None, pods={})
        seen = judged(ramp.plan.gates, wanted, there, soak.restarts, found, alerts)
        # What monitoring says counts, also where the cluster is not to be seen; but then all is not known to be well.
        return Seen(mood=Mood.BLIND, why=trouble) if standing is None and seen.mood is Mood.WELL else seen

    def _new_alerts(self, ramp: Ramp) -> tuple[str, ...]:
        alerts = self.desk.incident(ramp.incident).alerts.values()
        news = [one for one in alerts if one.firing and one.since > ramp.began_at]
        return tuple(sorted(line(one.name, 80) for one in news if one.name not in ramp.plan.gates.past))

    # ----------------------------------------------------------------------------------------------------- the way back

    def _go_back(self, ramp: Ramp) -> bool:
        change = ramp.way_back
        if change is None:
            return self._given_up(ramp, "it is not known what was there before") is not None
        try:
            standing = self.cluster.look()
        except ClusterTrouble as error:
            return self._go_back_later(ramp, change, error)
        strange = _strange(change, standing)
        if strange:
            return self._given_up(ramp, strange) is not None
        now = self.desk.clock()
        expected = Bound(autoscaler=change.autoscaler, value=change.wanted)
        if standing.least_or_replicas != change.wanted:
            if ramp.expected == expected:
                return self._given_up(ramp, _undone(change, standing)) is not None
            try:
                self._make(ramp, change)
            except ClusterTrouble as error:
                return self._go_back_later(ramp, change, error)
            return self._kept(ramp, replace(ramp, expected=expected, tries=None)) is not None
        after = replace(ramp, state=State.WENT_BACK, ended_at=now, expected=expected, tries=None)
        return self._kept(ramp, after, RampWentBack(ramp=ramp.id, change=change.words)) is not None

    def _go_back_later(self, ramp: Ramp, change: Change, error: ClusterTrouble) -> bool:
        """The way back is barred: let it rest, or ask a person where it is refused, or the cluster is away for long."""
        tries = self._tried(ramp, error)
        if tries.refused >= _MOST_REFUSALS or self.desk.clock() - tries.since >= _LONGEST_WAY_BACK:
            return self._held(ramp, f"it cannot go back, {change.words}: {error}{_how_often(tries)}") is not None
        self._kept(ramp, replace(ramp, tries=tries))
        return False

    def _given_up(self, ramp: Ramp, why: str) -> Ramp | None:
        """It cannot go back: leave all as it is."""
        why = line(f"it could not go back: {why}", _MOST_FOUND)
        event = RampAborted(ramp=ramp.id, step="its way back", why=why, left="what is there now")
        return self._kept(
            ramp, replace(ramp, state=State.ABORTED, ended_at=self.desk.clock(), why=why, tries=None), event
        )

    def _breached(self, ramp: Ramp, stepped: Stepped, why: str) -> Ramp | None:
        """Something is wrong with a step: end the ramp, where it set nothing; else go back, or ask whether to."""
        now, why = self.desk.clock(), line(why, _MOST_FOUND)
        ended = replace(stepped, ended_at=now, passed=False, found=why)
        back = way_back_of(ramp)
        if back is None:
            after = replace(with_step(ramp, ended), tries=None, state=State.ABORTED, ended_at=now, why=why)
            event = RampAborted(ramp=ramp.id, step=stepped.step.words, why=why, left=left_of(ramp))
            return self._kept(ramp, after, event)
        if back.autoscaler is None and not ramp.may_go_down:
            asks = (
                f"{why}; going back would take replicas away ({back.words}), which has to be said twice: "
                f"actinf incident ramp rollback {ramp.incident} --down --yes-down"
            )
            return self._held(with_step(ramp, replace(stepped, found=why)), asks, read=ramp)
        after = replace(with_step(ramp, ended), tries=None, state=State.GOES_BACK, why=why, way_back=back)
        return self._kept(ramp, after, RampGoesBack(ramp=ramp.id, change=back.words, why=why))

    # ------------------------------------------------------------------------------------------------------ writing

    def _passed(self, ramp: Ramp, stepped: Stepped, found: str) -> Ramp | None:
        now, found = self.desk.clock(), line(found, _MOST_FOUND)
        after = replace(with_step(ramp, replace(stepped, ended_at=now, passed=True, found=found)), tries=None)
        done = RampStepDone(ramp=ramp.id, number=stepped.number, step=stepped.step.words, found=found)
        return self._kept(ramp, *ended_with(after, done, now))

    def _held(self, ramp: Ramp, why: str, *, read: Ramp | None = None) -> Ramp | None:
        """Let a ramp wait for a person; `read` is as it was read, where it was changed since."""
        why = line(why, _MOST_FOUND)
        event = RampHeld(ramp=ramp.id, step=stopped_at(ramp), why=why)
        return self._kept(read or ramp, replace(ramp, state=State.HELD, why=why, tries=None), event)

    def _begun(self, ramp: Ramp, stepped: Stepped) -> Ramp | None:
        now = self.desk.clock()
        return self._kept(ramp, with_step(ramp, replace(stepped, began_at=now, counts_from=now)))

    def _seen(self, ramp: Ramp, stepped: Stepped, found: str) -> bool:
        """Keep what was seen last, where it is news; never a reason to look again at once."""
        found = line(found, _MOST_FOUND)
        if found != stepped.found or ramp.tries is not None:
            self._kept(ramp, replace(with_step(ramp, replace(stepped, found=found)), tries=None))
        return False

    def _kept(self, read: Ramp, after: Ramp, *events: Event) -> Ramp | None:
        """Write down how a ramp stands, and what happened; None: a person changed it meanwhile."""
        with self.desk.store.writing() as connection:
            kept = ramps.keep(connection, read, after)
            if kept is not None and events:
                before = incidents.incident(connection, read.incident)
                self.desk.record(connection, read.incident, before, events, by=BY_ITSELF)
            return kept

    def _is_late(self, stepped: Stepped, more: timedelta = timedelta(0)) -> bool:
        since: datetime | None = stepped.counts_from
        return since is not None and self.desk.clock() > since + stepped.step.deadline + more


def _how_often(tries: Tries) -> str:
    if tries.refused > 1:
        return f" (refused {tries.refused} times: it is tried again when somebody says so)"
    return f" (tried {tries.count} times)" if tries.count > 1 else ""


def ended_with(
    after: Ramp, done: RampStepDone, now: datetime
) -> tuple[Ramp, RampStepDone] | tuple[Ramp, RampStepDone, RampDone]:
    """A ramp after a step has passed, and what has happened: with the last one it is done."""
    if after.current is not None:
        return after, done
    there = "" if after.expected is None else after.expected.words
    return replace(after, state=State.DONE, ended_at=now), done, RampDone(ramp=after.id, there=there)


def way_back_of(ramp: Ramp) -> Change | None:
    """What has to be set to have again what was there before; None: the ramp has set nothing."""
    before, last = ramp.before, ramp.expected
    if before is None or last is None or before.autoscaler != last.autoscaler or before.value == last.value:
        return None
    return Change(autoscaler=before.autoscaler, now=last.value, wanted=before.value)


def left_of(ramp: Ramp) -> str:
    """What a ramp leaves as it is when it ends now."""
    if ramp.before is None or ramp.expected is None:
        return "it had set nothing"
    back = way_back_of(ramp)
    return f"{ramp.expected.words}, as before it" if back is None else f"{ramp.expected.words}, before it {back.wanted}"


def _drifted(ramp: Ramp, standing: Standing) -> str:
    """What somebody else changed of that which the ramp set; empty: nothing."""
    last = ramp.expected
    if last is None:
        return ""
    return _strange(Change(autoscaler=last.autoscaler, now=last.value, wanted=last.value), standing)


def _strange(change: Change, standing: Standing) -> str:
    """What is neither as it was nor as it was to be; empty: nothing."""
    scaler = standing.autoscaler
    name = None if scaler is None else scaler.name
    if name != change.autoscaler:
        now, was = ("no autoscaler" if one is None else f"the autoscaler {one}" for one in (name, change.autoscaler))
        return f"there is {now}, and there was {was}: somebody else changes it, and is not hindered"
    there = standing.least_or_replicas
    if there in (change.now, change.wanted):
        return ""
    what = "replicas are" if name is None else f"minReplicas of {name} is"
    return f"{what} {there} by now, and the ramp set {change.wanted}: somebody else changes it, and is not hindered"


def _undone(change: Change, standing: Standing) -> str:
    there = standing.least_or_replicas
    return f"it set {change.words}, and that is {there} again: somebody else changes it, and is not hindered"


def with_step(ramp: Ramp, stepped: Stepped) -> Ramp:
    """A ramp with one of its steps as it stands now."""
    return replace(ramp, steps=tuple(stepped if one.number == stepped.number else one for one in ramp.steps))


def _same(ramp: Ramp, stepped: Stepped) -> Stepped:
    return next(one for one in ramp.steps if one.number == stepped.number)
