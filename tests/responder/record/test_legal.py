"""The time that the law gives when data of people may have got into wrong hands."""

from datetime import timedelta

import pytest
from support.responding import MONDAY, Responding, schedule_text

from actinf.errors import OutOfTurn
from actinf.responder.clocks.timers import LEGAL_NOTICE, LEGAL_TIME, clocks_of
from actinf.responder.incident import decisions
from actinf.responder.incident.events import Breached, Warned
from actinf.responder.incident.severity import Severity
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.verbs import SettleLegal, SuspectBreach


def told_of_it(at_hand: Responding) -> list[tuple[str, str]]:
    return [
        (message.to.handle, message.kind.value)
        for message in at_hand.paper.sent
        if message.to and ("breach of people" in message.text or LEGAL_NOTICE in message.subject)
    ]


def suspected(at_hand: Responding) -> str:
    text = schedule_text().replace("duties: {security: sec}", "duties: {security: sec, legal: sec}")
    at_hand.desk.set_schedule(Schedule.from_text(text), by="eve")
    name = at_hand.opened(Severity.P0, incident_type="security")
    at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    SuspectBreach(what="names of subjects", aware_at=MONDAY - timedelta(minutes=5)).run(at_hand.desk, name, "ada")
    return name


def test_legal_is_told_at_once_and_72_hours_count_from_when_it_was_known(desk_at_hand: Responding) -> None:
    name = suspected(desk_at_hand)
    desk_at_hand.beat()
    assert ("sec", "reminder") in told_of_it(desk_at_hand)
    (clock,) = [one for one in clocks_of(desk_at_hand.desk.incident(name)) if one.key == LEGAL_NOTICE]
    assert clock.due == MONDAY - timedelta(minutes=5) + timedelta(hours=72)


def test_resolving_does_not_stop_the_time_and_its_end_goes_to_the_manager_too(desk_at_hand: Responding) -> None:
    name = suspected(desk_at_hand)
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "keys revoked"), by="ada")
    for _ in range(8):
        desk_at_hand.clock.pass_(hours=10)
        desk_at_hand.beat()
    events = [one.event for one in desk_at_hand.desk.timeline(name)]
    assert [one.share for one in events if isinstance(one, Warned) and one.clock == LEGAL_NOTICE] == [0, 0.5, 0.8]
    assert [one.clock for one in events if isinstance(one, Breached)].count(LEGAL_NOTICE) == 1
    assert {("sec", "warning"), ("sec", "breach"), ("eve", "breach")} <= set(told_of_it(desk_at_hand))


def test_settled_it_is_quiet(desk_at_hand: Responding) -> None:
    name = suspected(desk_at_hand)
    with pytest.raises(OutOfTurn, match="already"):
        SuspectBreach(what="again").run(desk_at_hand.desk, name, "ada")
    incident = SettleLegal(how="told the authority, case 7").run(desk_at_hand.desk, name, "sec")
    assert incident.legal_settled_at == MONDAY
    with pytest.raises(OutOfTurn, match="no breach is suspected"):
        SettleLegal(how="again").run(desk_at_hand.desk, name, "sec")
    desk_at_hand.clock.pass_(hours=80)
    desk_at_hand.beat()
    assert told_of_it(desk_at_hand) == []


def test_merged_the_time_runs_on_with_the_other(desk_at_hand: Responding) -> None:
    name, other = suspected(desk_at_hand), desk_at_hand.opened(private=True)
    desk_at_hand.clock.pass_(hours=1)
    after = desk_at_hand.desk.merge(name, other, by="ada")
    (clock,) = [one for one in clocks_of(after) if one.key == LEGAL_NOTICE]
    assert clock.due == MONDAY - timedelta(minutes=5) + LEGAL_TIME
