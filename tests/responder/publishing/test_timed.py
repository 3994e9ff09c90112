"""The clock of the status page: a P2 is told in time, and who decides of what is private is reminded."""

from datetime import timedelta

import pytest
from support.responding import MONDAY, Responding

from actinf.responder.channels.port import Kind, Message
from actinf.responder.clocks.public import public_clock
from actinf.responder.incident import decisions
from actinf.responder.incident.severity import Severity
from actinf.responder.publishing.verbs import Publish, UpdateNotice, Withhold


def passes(at_hand: Responding, **given: float) -> None:
    """Time, a minute at a time, with everything that it brings."""
    until = at_hand.clock.now + timedelta(**given)
    while at_hand.clock.now < until:
        at_hand.clock.pass_(minutes=1)
        at_hand.beat()


def reminders(at_hand: Responding) -> list[Message]:
    return [one for one in at_hand.paper.sent if one.kind is Kind.REMINDER]


def test_a_p2_is_told_by_itself_two_minutes_before_two_hours_are_over(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P2)
    desk_at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ben"), by="ben")
    passes(desk_at_hand, hours=2, minutes=10)
    incident = desk_at_hand.desk.incident(name)
    assert incident.notice is not None
    assert [(one.at, one.by) for one in incident.notice.updates] == [(MONDAY + timedelta(minutes=118), "actinf")]
    told = reminders(desk_at_hand)
    assert [one.to.handle for one in told if one.to] == ["ben"] * 3
    assert "actinf status publish" in told[0].text
    assert "by itself" in told[2].text
    kinds = [one.event.kind for one in desk_at_hand.desk.timeline(name)]
    assert (kinds.count("published"), "breached" in kinds) == (1, True), "of the assessment alone"
    clocks = [one.event.clock for one in desk_at_hand.desk.timeline(name) if one.event.kind == "breached"]  # type: ignore[attr-defined]
    assert "status page" not in clocks


@pytest.mark.parametrize("how", ["published", "withheld", "resolved", "raised"])
def test_what_was_decided_needs_no_reminder(desk_at_hand: Responding, how: str) -> None:
    name, desk = desk_at_hand.opened(Severity.P2), desk_at_hand.desk
    if how == "published":
        Publish().run(desk, name, "ada")
    elif how == "withheld":
        Withhold(reason="x").run(desk, name, "ada")
    elif how == "resolved":
        desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
    else:
        desk.act(name, lambda one: decisions.change_severity(one, Severity.P1, "x"), by="ada")
    passes(desk_at_hand, hours=2, minutes=5)
    assert [one for one in reminders(desk_at_hand) if "status page" in one.text] == []
    notice = desk.incident(name).notice
    assert (0 if notice is None else len(notice.updates)) == (1 if how in ("published", "raised") else 0)


def test_one_that_was_told_too_late_says_so(desk_at_hand: Responding) -> None:
    """No process ran for three hours."""
    name = desk_at_hand.opened(Severity.P2)
    desk_at_hand.clock.pass_(hours=3)
    desk_at_hand.beat()
    notice = desk_at_hand.desk.incident(name).notice
    assert notice is not None
    assert notice.last.at == MONDAY + timedelta(hours=3)
    clocks = [one.event.clock for one in desk_at_hand.desk.timeline(name) if one.event.kind == "breached"]  # type: ignore[attr-defined]
    assert "status page" in clocks


def test_who_decides_of_what_is_private_is_reminded_at_once_and_nothing_is_told(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P0, private=True, impact="zzsecretzz")
    desk_at_hand.beat()
    (told,) = reminders(desk_at_hand)
    assert told.to is not None
    assert told.to.handle == "ada"
    assert "for it is private" in told.text
    assert "zzsecretzz" not in f"{told.subject}{told.text}{told.fields}"
    passes(desk_at_hand, hours=1, minutes=5)
    assert desk_at_hand.desk.incident(name).notice is None
    clocks = [one.event.clock for one in desk_at_hand.desk.timeline(name) if one.event.kind == "breached"]  # type: ignore[attr-defined]
    assert "status page" in clocks


def test_the_end_of_what_is_private_is_reminded_of(desk_at_hand: Responding) -> None:
    name, desk = desk_at_hand.opened(Severity.P1, private=True), desk_at_hand.desk
    Publish(override="the law", title="Access", text="We look.").run(desk, name, "ada")
    desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
    desk_at_hand.beat()
    assert "has no end yet: actinf status update" in reminders(desk_at_hand)[-1].text
    UpdateNotice(text="It is over.", state="resolved").run(desk, name, "ada")  # type: ignore[arg-type]
    clock = public_clock(desk.incident(name))
    assert clock is not None
    assert clock.stopped_at is not None
