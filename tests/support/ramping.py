"""A ramp within reach: a cluster of numbers, trials that end as they are told to, measurements that are set by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from support.responding import Responding, responding

from actinf.errors import ClusterRefused, ClusterTrouble, NotMeasured
from actinf.responder.desk import Desk
from actinf.responder.measuring.port import Sample
from actinf.responder.ramp.cluster import Autoscaler, Pod, Standing
from actinf.responder.ramp.driver import Driver
from actinf.responder.ramp.plan import Kind, Plan
from actinf.responder.ramp.ramping import Ramping
from actinf.responder.ramp.requests import Direction, DirectRamp, StartRamp
from actinf.responder.ramp.state import Ramp
from actinf.responder.ramp.trials import Fate, Verdict
from actinf.responder.store import ramps

PLAN = Plan.from_text(
    "steps: [smoke, load, {replicas: 3}, {soak: 5m}, {replicas: 5}]\nlimits: {grace: 1m, blind: 2m}"
).document()


ONE = Standing(replicas=1, ready=1, autoscaler=None, pods={})


@dataclass
class NumberedCluster:
    """A cluster in memory: what it is told is so at once, and ready where `starts` says so.

    Attributes:
        told: the changes that it made.
        trouble: why it does not answer; empty: it does.
        refuses: why it changes nothing; empty: it does.
        asked: how often it was asked to change something.
    """

    standing: Standing = ONE
    told: list[tuple[str | None, int, int]] = field(default_factory=list)
    trouble: str = ""
    refuses: str = ""
    asked: int = 0
    starts: bool = True
    target: str = "deployment active-inference-api"

    def look(self) -> Standing:
        if self.trouble:
            raise ClusterTrouble(self.trouble)
        return self.standing

    def scale(self, autoscaler: str | None, now: int, wanted: int) -> None:
        self.asked += 1
        there = self.look()
        if self.refuses:
            raise ClusterRefused(self.refuses)
        if there.least_or_replicas != now:
            raise ClusterTrouble(f"it is not {now}")
        self.told.append((autoscaler, now, wanted))
        if there.autoscaler is not None:
            there = replace(there, autoscaler=replace(there.autoscaler, least=wanted))
        count = wanted if there.autoscaler is None else max(there.replicas, wanted)
        self.standing = replace(there, replicas=count, ready=count if self.starts else there.ready)

    def command(self, autoscaler: str | None, now: int, wanted: int) -> str:
        return f"scale {autoscaler or 'replicas'} {now} {wanted}"

    def with_autoscaler(self, least: int, most: int) -> None:
        scaler = Autoscaler(name="hpa", least=least, most=most, current=self.standing.replicas)
        self.standing = replace(self.standing, autoscaler=scaler)

    def restart_a_pod(self, *, out_of_memory: bool = False) -> None:
        self.standing = replace(self.standing, pods={"one": Pod(restarts=1, out_of_memory=out_of_memory)})


@dataclass
class ToldTrials:
    """Trials that end as they are told to; `begun` has each, without its moment, as often as it was begun."""

    fates: dict[str, Verdict | Fate] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    ends: Mapping[Kind, Verdict | Fate] = field(
        default_factory=lambda: {kind: Verdict(passed=True, said="all well") for kind in (Kind.SMOKE, Kind.LOAD)}
    )

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset((Kind.SMOKE, Kind.LOAD))

    def begin(self, name: str, kind: Kind, within: timedelta) -> None:
        if name not in self.fates:
            self.begun.append(_numbers(name))
            self.fates[name] = self.ends[kind]

    def fate(self, name: str) -> Verdict | Fate:
        return self.fates.get(name, Fate.UNKNOWN)

    def stop(self, name: str) -> None:
        self.stopped.append(_numbers(name))

    def command(self, kind: Kind) -> str:
        return f"try {kind}"

    def missing(self, kind: Kind) -> str:
        return ""


def _numbers(trial: str) -> str:
    return trial.rpartition("-")[0]


@dataclass
class SetMeasurements:
    """Measurements that are set by hand; None: there is no such series."""

    errors: float | None = 0.001
    p95: float | None = 0.05
    usual: float | None = 0.05
    trouble: str = ""

    def ask(self, query: str) -> tuple[Sample, ...]:
        if self.trouble:
            raise NotMeasured(self.trouble)
        name = "errors" if "errors:ratio" in query else "usual" if "quantile_over_time" in query else "p95"
        value: float | None = getattr(self, name)
        return () if value is None else (Sample({}, value),)


@dataclass
class RampAtHand:
    """A responder with one open incident, and what carries out its ramp."""

    responding: Responding
    incident: str
    cluster: NumberedCluster
    trials: ToldTrials
    measured: SetMeasurements
    ramping: Ramping
    driver: Driver

    def start(self, **said: object) -> dict:
        return self.ramping.start(self.incident, StartRamp(**{"plan": PLAN, **said}), by="ada")

    def say(self, direction: Direction, **said: object) -> dict:
        return self.ramping.direct(self.incident, direction, DirectRamp(**said), by="ada")

    def turn(self) -> None:
        """All that can be done now."""
        for _ in range(50):
            if not self.driver.once():
                return
        raise AssertionError("it never comes to rest")

    def pass_(self, *, every: float = 15, **lasts: float) -> None:
        """Let time pass, with a look every few seconds."""
        left = timedelta(**lasts).total_seconds()
        while left > 0:
            self.responding.clock.pass_(seconds=min(every, left))
            left -= every
            self.turn()

    @property
    def ramp(self) -> Ramp:
        with self.responding.store.reading() as connection:
            found = ramps.latest(connection, self.incident)
        assert found is not None
        return found

    @property
    def kinds(self) -> list[str]:
        """The kinds of the events about ramps."""
        events = self.responding.desk.timeline(self.incident)
        return [one.event.kind.removeprefix("ramp ") for one in events if one.event.kind.startswith("ramp")]


def ramp_at_hand(folder: Path) -> RampAtHand:
    """One that was not begun yet; its store has to be closed."""
    there = responding(folder)
    incident = there.opened()
    cluster, trials, measured = NumberedCluster(), ToldTrials(), SetMeasurements()
    desk = Desk(there.store, there.clock, there.desk.announcer, measurements=measured)
    return RampAtHand(
        responding=there,
        incident=incident,
        cluster=cluster,
        trials=trials,
        measured=measured,
        ramping=Ramping(desk, cluster, trials, 5),
        driver=Driver(desk, cluster, trials, 5),
    )
