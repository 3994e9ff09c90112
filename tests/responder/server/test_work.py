"""Background work: it goes on whatever happens in a turn, and whoever watches sees where it does not."""

import threading

import pytest
from pydantic import SecretStr
from support.ports import wait_until
from support.responding import Clock, Responding, schedule_text

from actinf.responder.oncall.rotation import Schedule
from actinf.responder.server import work
from actinf.responder.server.handing_off import HandingOff
from actinf.responder.server.heartbeat import Heartbeat
from actinf.responder.server.work import Work, Workers


def test_a_turn_that_fails_is_followed_by_another(caplog: pytest.LogCaptureFixture) -> None:
    turns: list[int] = []

    def turn() -> None:
        turns.append(1)
        if len(turns) < 3:
            raise ValueError("no")

    workers = Workers([Work(name="fails", turn=turn, every=0.01, allowed=30)])
    workers.start()
    wait_until(lambda: len(turns) > 3, "it goes on")
    workers.stop(5)
    assert "fails failed" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_started_again_and_seen() -> None:
    turns: list[int] = []

    def turn() -> None:
        turns.append(1)
        if len(turns) == 1:
            raise SystemExit

    workers = Workers([Work(name="dies", turn=turn, every=0.01, allowed=30)])
    workers.start()
    wait_until(lambda: workers.standing_still() == ["dies"], "it is seen")
    workers.restart_dead()
    wait_until(lambda: len(turns) > 1, "it goes on")
    assert workers.standing_still() == []
    workers.stop(5)


def test_work_that_hangs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    workers = Workers([Work(name="hangs", turn=release.wait, every=0.01, allowed=0.05)])  # type: ignore[arg-type]
    workers.start()
    wait_until(lambda: workers.standing_still() == ["hangs"], "it is seen")
    release.set()
    workers.stop(5)
    assert work.WORK_FAILED.labels("hangs")._value.get() == 0


def test_work_that_is_seldom_due_does_not_stand_still_between_its_turns() -> None:
    """It once did: contacts, looked at every five minutes, were called dead for three of them."""
    turned = threading.Event()
    workers = Workers([Work(name="seldom", turn=turned.set, every=60.0, allowed=0.01)])
    workers.start()
    assert turned.wait(10)
    wait_until(lambda: workers.seconds_since()["seldom"] > 0.01, "more has passed than it may be late by")
    assert workers.standing_still() == []
    workers.stop(5)


def test_no_sign_of_life_is_given_where_something_stands_still(caplog: pytest.LogCaptureFixture) -> None:
    given: list[int] = []
    Heartbeat(SecretStr("http://127.0.0.1:9/secret"), lambda: ["auditor"], lambda: given.append(1)).once()
    assert "auditor stands still" in caplog.text
    caplog.clear()
    Heartbeat(SecretStr("http://127.0.0.1:9/secret"), list, lambda: given.append(1)).once()
    assert "did not take a sign of life" in caplog.text
    assert "secret" not in caplog.text
    assert given == []


def test_who_takes_over_is_told_once(desk_at_hand: Responding) -> None:
    clock: Clock = desk_at_hand.clock
    text = schedule_text().replace(
        "members: [ada]", "members: [ada, ben], shift: 1 day, hand_off: 12:00, starts: 2026-11-20"
    )
    desk_at_hand.desk.set_schedule(Schedule.from_text(text), by="eve")
    told: list[int] = []
    handing = HandingOff(desk_at_hand.desk, lambda: told.append(1))
    handing.once()
    for _ in range(40):
        clock.pass_(hours=1)
        handing.once()
        handing.once()
    desk_at_hand.beat()
    found = [message for message in desk_at_hand.paper.sent if message.kind == "handoff"]
    assert [message.to.handle for message in found if message.to] in (["ada", "ben"], ["ben", "ada"])
    assert len(told) == 2


def test_hand_offs_of_a_night_in_which_nothing_ran_are_told_in_the_morning(desk_at_hand: Responding) -> None:
    text = schedule_text().replace(
        "members: [ada]", "members: [ada, ben], shift: 1 day, hand_off: 12:00, starts: 2026-11-20"
    )
    desk_at_hand.desk.set_schedule(Schedule.from_text(text), by="eve")
    handing = HandingOff(desk_at_hand.desk, lambda: None)
    handing.once()
    desk_at_hand.clock.pass_(hours=10)
    handing.once()
    desk_at_hand.beat()
    assert desk_at_hand.paper.kinds == ["handoff"]
