"""Whether a soak goes well: what is measured, what that means, and how much of it has to be seen.

Time in which nobody looked does not count: a soak is over when all was well for as long as it lasts, at every look, and
the looks lay close together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from actinf.errors import NotMeasured
from actinf.responder.measuring.patience import Patience
from actinf.responder.measuring.port import Measurements
from actinf.responder.measuring.queries import Impact
from actinf.responder.ramp.cluster import Pod, Standing
from actinf.responder.ramp.plan import Gates, length_text

__all__ = ["LOOKS_EVERY", "Measured", "Mood", "Seen", "Soak", "judged", "measured", "soaked"]

#: Between two looks; and between two of them that count as one, however late the second is.
LOOKS_EVERY = timedelta(seconds=15)
_CLOSE = timedelta(seconds=45)
#: After a time as long as this in which nobody looked, what was seen before says nothing about now.
_STALE = timedelta(minutes=5)
_QUICK = 0.1
_PATIENCE = 10.0

#: The share of requests that failed in the last minute; as soon as anybody asks anything.
ERRORS = "actinf:errors:ratio_rate1m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What monitoring says.

    Attributes:
        errors: the share of requests that fail; None: nobody asks anything, or it is not measured.
        p95: within how many seconds 95 of 100 requests are answered.
        usual_p95: the same in good times; None: it is not known.
        trouble: why nothing is known; empty: something is.
    """

    errors: float | None = None
    p95: float | None = None
    usual_p95: float | None = None
    trouble: str = ""


def measured(measurements: Measurements, ask: Impact | None = None) -> Measured:
    """Ask monitoring, for ten seconds at most."""
    asked, ask = Patience(measurements, _PATIENCE), ask or Impact()
    try:
        return Measured(
            errors=asked.number(ERRORS), p95=asked.number(ask.latency), usual_p95=asked.number(ask.usual_latency)
        )
    except NotMeasured as error:
        return Measured(trouble=str(error))


class Mood(StrEnum):
    """How it looks."""

    WELL = "well"
    BAD = "bad"  # for a while that may be
    WORST = "worst"  # there is nothing to wait for
    BLIND = "blind"  # it is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look.

    Attributes:
        mood: how it looks.
        why: in a sentence.
    """

    mood: Mood
    why: str


def judged(
    gates: Gates,
    wanted: int,
    standing: Standing,
    before: Mapping[str, int],
    found: Measured,
    alerts: tuple[str, ...] = (),
) -> Seen:
    """What a look means.

    Args:
        gates: what is good enough.
        wanted: replicas that have to be ready.
        standing: how the cluster stands.
        before: restarts of each pod, by its uid, when the soak began.
        found: what was measured.
        alerts: names of alerts of the incident that began to fire since the ramp did.
    """
    restarted = _restarts(standing.pods, before)
    memory = [uid for uid, count in restarted.items() if count and standing.pods[uid].out_of_memory]
    if memory:
        return Seen(mood=Mood.WORST, why=f"{len(memory)} of the pods ran out of memory and began anew")
    if any(restarted.values()):
        return Seen(mood=Mood.WORST, why=f"containers began anew {sum(restarted.values())} times")
    if found.errors is not None and found.errors >= gates.worst_errors:
        return Seen(
            mood=Mood.WORST, why=f"{found.errors:.1%} of requests fail, from {gates.worst_errors:.1%} on it ends"
        )
    bad = []
    if found.errors is not None and found.errors > gates.errors:
        bad.append(f"{found.errors:.2%} of requests fail, at most {gates.errors:.2%} may")
    if standing.ready < wanted:
        bad.append(f"{standing.ready} replicas are ready, and {wanted} have to be")
    bad += _slow(gates, found)
    if alerts:
        bad.append(f"these alerts began to fire: {', '.join(alerts)}")
    if bad:
        return Seen(mood=Mood.BAD, why="; ".join(bad))
    if found.trouble:
        return Seen(mood=Mood.BLIND, why=found.trouble)
    if found.errors is None or found.p95 is None:
        return Seen(
            mood=Mood.BLIND, why="nobody asks anything of the service, or it is not measured: that proves nothing"
        )
    usual = "" if found.usual_p95 is None else f", usually {found.usual_p95:.3f} s"
    return Seen(
        mood=Mood.WELL,
        why=f"{standing.ready} ready, {found.errors:.2%} of requests fail, 95 % within {found.p95:.3f} s{usual}",
    )


def _restarts(pods: Mapping[str, Pod], before: Mapping[str, int]) -> dict[str, int]:
    return {uid: max(0, pod.restarts - before.get(uid, 0)) for uid, pod in pods.items()}


def _slow(gates: Gates, found: Measured) -> list[str]:
    if found.p95 is None:
        return []
    if found.p95 > gates.p95:
        return [f"95 % of requests take up to {found.p95:.3f} s, at most {gates.p95:.3f} s is good"]
    usual = found.usual_p95
    if usual is not None and found.p95 > _QUICK and found.p95 > gates.slower * usual:
        return [
            f"95 % of requests take up to {found.p95:.3f} s, more than {gates.slower:g} times the usual {usual:.3f} s"
        ]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """How far a soak is.

    Attributes:
        well: how long all has been well, as far as somebody looked.
        looked_at: when somebody looked last; None: nobody has.
        bad_since, blind_since: since when it is bad, or not known; None: it is not.
        restarts: of each pod when it began.
        latest: what was seen last.
    """

    well: timedelta = timedelta(0)
    looked_at: datetime | None = None
    bad_since: datetime | None = None
    blind_since: datetime | None = None
    restarts: Mapping[str, int] = field(default_factory=dict)
    latest: str = ""

    def is_stale(self, now: datetime) -> bool:
        """Whether nobody has looked for so long that all of it begins anew."""
        return self.looked_at is not None and now - self.looked_at > _STALE

    def stored(self) -> dict[str, Any]:
        """In what JSON can say."""
        plain = asdict(self) | {"well": self.well.total_seconds()}
        return {name: one.isoformat() if isinstance(one, datetime) else one for name, one in plain.items()}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Soak:
        """What `stored` wrote; of nothing, the beginning."""
        moments = {name: stored.get(name) for name in ("looked_at", "bad_since", "blind_since")}
        return cls(
            well=timedelta(seconds=float(stored.get("well", 0))),
            restarts=dict(stored.get("restarts", {})),
            latest=str(stored.get("latest", "")),
            **{name: None if at is None else datetime.fromisoformat(at) for name, at in moments.items()},
        )


class Outcome(StrEnum):
    """What comes of a look at a soak."""

    GOES_ON = "goes on"
    PASSED = "passed"
    BREACHED = "breached"  # it is bad, and was for too long
    ASKS = "asks"  # a person has to say what it is


def soaked(soak: Soak, seen: Seen, gates: Gates, lasts: timedelta, now: datetime) -> tuple[Soak, Outcome, str]:
    """How far a soak is after a look, what comes of that, and why.

    Time is counted from look to look, where all was well at both and they lie close together.  Where nobody looked for
    a while that time is missing; where that was long, or something was wrong, all of it begins anew.
    """
    gap = None if soak.looked_at is None else max(timedelta(0), now - soak.looked_at)
    well = soak.well
    if seen.mood is Mood.WELL:
        was_well = soak.bad_since is None and soak.blind_since is None
        if gap is not None and was_well and gap <= _CLOSE:
            well += gap
        elif soak.is_stale(now):
            well = timedelta(0)
        after = replace(soak, well=well, looked_at=now, bad_since=None, blind_since=None, latest=seen.why)
        passed = well >= lasts
        why = f"well for {length_text(well)}: {seen.why}"
        return after, Outcome.PASSED if passed else Outcome.GOES_ON, why
    if seen.mood is Mood.BLIND:
        since = soak.blind_since or now
        if soak.is_stale(now):
            since, well = now, timedelta(0)
        after = replace(soak, well=well, looked_at=now, bad_since=None, blind_since=since, latest=seen.why)
        if now - since >= gates.blind:
            return (
                after,
                Outcome.ASKS,
                f"for {length_text(now - since)} it is not known whether all is well: {seen.why}",
            )
        return after, Outcome.GOES_ON, seen.why
    since = soak.bad_since or now
    if soak.is_stale(now):
        since = now  # nobody saw that it was bad all the time
    after = replace(soak, well=timedelta(0), looked_at=now, bad_since=since, blind_since=None, latest=seen.why)
    if seen.mood is Mood.WORST or now - since >= gates.grace:
        return after, Outcome.BREACHED, seen.why
    return after, Outcome.GOES_ON, seen.why
