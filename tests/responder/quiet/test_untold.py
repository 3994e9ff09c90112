"""Whatever is silenced, ended and told in whatever order: what fires and is not silenced is told."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.responding import MONDAY, Clock, responding

from actinf.errors import NoSuchSilence
from actinf.responder.intake.alert import Alert
from actinf.responder.quiet.quieting import Quieting
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence
from actinf.responder.reception import Reception

COMPONENTS = ("mail", "disk")
component = st.sampled_from(COMPONENTS)
minutes = st.integers(1, 30)
chosen = st.sets(component, min_size=1).map(lambda some: "component=~" + "|".join(sorted(some)))

step = st.one_of(
    st.tuples(st.just("fires"), component),
    st.tuples(st.just("ends"), component),
    # What makes an alert live through the end of its silence comes most often, or that would seldom be seen.
    st.tuples(st.just("passes"), minutes),
    st.tuples(st.just("fires"), component),
    st.tuples(st.just("passes"), minutes),
    st.tuples(st.just("silence"), chosen, minutes),
    st.tuples(st.just("window"), chosen, st.integers(0, 20), minutes),
    st.tuples(st.just("weekly"), chosen, st.integers(10, 11), minutes),
    st.tuples(st.just("end silence"), st.integers(1, 2)),
    st.tuples(st.just("end window"), st.integers(1, 2)),
)


def alert(component: str, *, firing: bool) -> Alert:
    return Alert(
        source="alertmanager",
        fingerprint=component,
        name="Down",
        status="firing" if firing else "resolved",
        labels={"alertname": "Down", "component": component, "severity": "P1"},
        annotations={},
        starts_at=MONDAY,
        ends_at=None,
        generator_url="",
    )


class Told:
    """What should be told, worked out from what was asked for alone: for each component, when it is quiet."""

    def __init__(self) -> None:
        #: Of each silence and window: its components, and from which minute until which it quiets them.
        self.spans: dict[str, tuple[frozenset[str], int, int]] = {}
        self.minute = 0

    def is_quiet(self, component: str) -> bool:
        return any(component in some and start <= self.minute < end for some, start, end in self.spans.values())

    def end(self, name: str) -> None:
        if name in self.spans:
            some, start, end = self.spans[name]
            self.spans[name] = (some, start, min(end, self.minute))


def of(matcher: str) -> frozenset[str]:
    return frozenset(matcher.removeprefix("component=~").split("|"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(step, min_size=12, max_size=24))
def test_what_fires_beyond_its_silence_is_told_and_what_fires_within_is_not(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        at_hand = responding(Path(folder), clock=clock)
        try:
            _play(steps, at_hand, clock)
        finally:
            at_hand.store.close()


def _play(steps: list[tuple[Any, ...]], at_hand: Any, clock: Clock) -> None:
    reception, quieting = Reception(at_hand.desk), Quieting(at_hand.store, clock)
    told, firing, opened = Told(), set[str](), set[str]()
    made = {"silence": 0, "window": 0}
    for what, *given_with in steps:
        # Time passes a minute at a time, as the server's would, so that each end is seen where it falls.
        for _ in range(given_with[0] if what == "passes" else 1):
            if what == "passes":
                clock.pass_(minutes=1)
                told.minute += 1
            else:
                _do(what, given_with, reception, quieting, told, firing, made)
            while reception.digest():
                pass
            opened |= {one for one in firing if not told.is_quiet(one)}
            assert {one.component for one in at_hand.desk.list()} == opened
            held = {one.alert.component for one in quieting.held()}
            assert held == {one for one in firing - opened if told.is_quiet(one)}


def _do(
    what: str,
    given_with: list[Any],
    reception: Reception,
    quieting: Quieting,
    told: Told,
    firing: set[str],
    made: dict[str, int],
) -> None:
    now, minute = quieting.clock(), told.minute
    match what:
        case "fires" | "ends":
            reception.accept([alert(given_with[0], firing=what == "fires")])
            (firing.add if what == "fires" else firing.discard)(given_with[0])
        case "silence":
            made["silence"] += 1
            quieting.silence(MakeSilence(matchers=(given_with[0],), minutes=given_with[1], reason="r"), by="ada")
            told.spans[f"silence {made['silence']}"] = (of(given_with[0]), minute, minute + given_with[1])
        case "window":
            matcher, later, lasts = given_with
            made["window"] += 1
            since = now + timedelta(minutes=later)
            request = AnnounceMaintenance(
                name=f"w{made['window']}", matchers=(matcher,), since=since, until=since + timedelta(minutes=lasts)
            )
            quieting.announce(request, by="eve")
            told.spans[f"window {made['window']}"] = (of(matcher), minute + later, minute + later + lasts)
        case "weekly":
            matcher, hour, lasts = given_with
            made["window"] += 1
            request = AnnounceMaintenance(
                name=f"w{made['window']}", matchers=(matcher,), days=("mon",), opens=f"{hour}:00", minutes=lasts
            )
            quieting.announce(request, by="eve")
            start = (hour - 10) * 60
            told.spans[f"window {made['window']}"] = (of(matcher), start, start + lasts)
        case _:
            kind = what.removeprefix("end ")
            try:
                if kind == "silence":
                    quieting.end_silence(str(given_with[0]), by="ben")
                else:
                    quieting.end_maintenance(f"w{given_with[0]}", by="ben")
            except NoSuchSilence:
                pass
            told.end(f"{kind} {given_with[0]}")
