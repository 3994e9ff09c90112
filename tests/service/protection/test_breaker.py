"""The circuit breaker, by itself and around a database that is not there."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from support.ports import free_port

from actinf.errors import ServiceUnavailable
from actinf.runtime.database import make_engine
from actinf.service.measures import REGISTRY
from actinf.service.protection.breaker import Breaker
from actinf.service.protection.guarded_engine import GuardedEngine


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def breaker(clock: Clock, name: str = "tested") -> Breaker:
    return Breaker(name, purpose="", refusal="it is away", failures=3, pause=1.0, longest=4.0, clock=clock)


def admits(one: Breaker, *, essential: bool = False) -> bool:
    try:
        one.admit(essential=essential)
    except ServiceUnavailable:
        return False
    return True


def test_failures_in_a_row_open_it_and_a_try_that_succeeds_closes_it() -> None:
    clock = Clock()
    one = breaker(clock)
    for _ in range(2):
        one.failed()
    one.succeeded()
    for _ in range(2):
        one.failed()
    assert one.state == "closed"
    one.failed()
    assert one.state == "open"
    assert not admits(one)
    clock.now = 1.0
    assert one.state == "half-open"
    assert admits(one)
    assert not admits(one)  # one try at a time
    one.succeeded()
    assert one.state == "closed"
    assert admits(one)


def test_a_refusal_says_when_the_next_try_is() -> None:
    clock = Clock()
    one = breaker(clock)
    for _ in range(3):
        one.failed()
    clock.now = 0.25
    with pytest.raises(ServiceUnavailable, match="it is away") as refused:
        one.admit()
    assert refused.value.retry_after == 0.75


def test_every_try_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    clock = Clock()
    one = breaker(clock)
    for _ in range(3):
        one.failed()
    pauses = []
    for _ in range(4):
        start = clock.now
        while not admits(one):
            clock.now += 0.25
        pauses.append(clock.now - start)
        one.failed()
    assert pauses == [1.0, 2.0, 4.0, 4.0]


def test_a_try_that_is_never_heard_of_again_does_not_keep_it_open() -> None:
    clock = Clock()
    one = breaker(clock)
    for _ in range(3):
        one.failed()
    clock.now = 1.0
    assert admits(one)
    clock.now = 2.0
    assert admits(one)


def test_what_an_operator_holds_open_lets_through_what_is_essential_alone() -> None:
    clock = Clock()
    one = breaker(clock)
    one.hold("open")
    one.succeeded()
    assert (one.state, admits(one), admits(one, essential=True)) == ("open", False, True)
    one.hold("auto")
    for _ in range(3):
        one.failed()
    assert not admits(one, essential=True)  # it is really away: nobody is helped by waiting
    one.hold("closed")
    one.failed()
    assert (one.state, admits(one)) == ("closed", True)


def test_it_tells_the_metrics_of_state_transitions_and_refusals() -> None:
    one = breaker(Clock(), "measured")
    for _ in range(3):
        one.failed()
    admits(one)
    name = {"breaker": "measured"}
    assert REGISTRY.get_sample_value("actinf_breaker_state", name) == 2
    assert REGISTRY.get_sample_value("actinf_breaker_rejected_total", name) == 1
    assert REGISTRY.get_sample_value("actinf_breaker_transitions_total", {**name, "to": "open"}) == 1
    one.hold("closed")
    assert REGISTRY.get_sample_value("actinf_breaker_state", name) == 0
    assert REGISTRY.get_sample_value("actinf_breaker_forced", name) == 1


EVENTS = st.one_of(
    st.sampled_from(["succeeded", "failed", "admit"]),
    st.floats(0.0, 5.0).map(lambda seconds: ("wait", seconds)),
    st.sampled_from(["auto", "open", "closed"]).map(lambda position: ("hold", position)),
)


@given(st.lists(EVENTS, max_size=60))
def test_whatever_happens_it_keeps_its_rules(events: list[str | tuple[str, float | str]]) -> None:
    """Held open nothing passes; held closed all passes; else it is closed until three failures in a row, and while it
    is open at most one passes in a second, the shortest pause."""
    clock = Clock()
    one = breaker(clock)
    in_a_row, passed_at = 0, [-1.0]
    for event in events:
        if isinstance(event, tuple) and event[0] == "wait":
            clock.now += float(event[1])
        elif isinstance(event, tuple):
            if one.position != event[1]:
                in_a_row = 0
            one.hold(event[1])  # type: ignore[arg-type]
        elif event == "succeeded":
            one.succeeded()
            in_a_row = 0
        elif event == "failed":
            one.failed()
            in_a_row += 1
        else:
            state, passed = one.state, admits(one)
            assert passed == (state != "open")
            if state == "half-open":
                assert clock.now - passed_at[-1] >= 1.0
            if passed:
                passed_at.append(clock.now)
        if one.position == "auto":
            assert (one.state == "closed") == (in_a_row < 3)
        else:
            assert one.state == one.position


def test_a_database_that_is_away_is_asked_a_few_times_and_then_requests_fail_at_once() -> None:
    async def ask() -> tuple[list[str], str]:
        clock = Clock()
        url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
        engine = GuardedEngine(make_engine(url, pool_size=2, application="test"), breaker(clock))
        ended = []
        for _ in range(5):
            try:
                async with engine.connect():
                    ended.append("connected")
            except (OperationalError, ServiceUnavailable) as error:
                ended.append(type(error).__name__)
        clock.now = 1.0
        with pytest.raises(OperationalError):
            async with engine.begin():
                pass
        await engine.dispose()
        return ended, engine.breaker.state

    ended, state = asyncio.run(ask())
    assert ended == ["OperationalError"] * 3 + ["ServiceUnavailable"] * 2
    assert state == "open"
