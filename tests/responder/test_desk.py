"""What is done with incidents: opened, acknowledged, resolved, reopened, merged."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from support.responding import MONDAY, Clock, Responding, responding

from actinf.errors import NoSuchIncident, OutOfTurn, SettingError
from actinf.responder.incident import decisions
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Severity
from actinf.responder.store import outbox


def test_an_incident_is_opened_and_told_in_the_words_of_the_runbook(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.beat()
    assert name == "2026-11-23-001"
    first = next(message for message in desk_at_hand.paper.sent if message.kind == "alert")
    assert first.subject == "🚨 INCIDENT ALERT 🚨"
    assert first.fields == (
        ("Severity", "P1"),
        ("Component", "Active Inference API"),
        ("Impact", "Inference requests failing"),
        ("Status", "Investigating"),
        ("Lead", "nobody yet"),
        ("War room", "#incident-2026-11-23-001"),
    )


def test_from_opening_to_resolution_every_step_is_on_the_timeline(desk_at_hand: Responding) -> None:
    desk = desk_at_hand.desk
    name = desk_at_hand.opened()
    desk_at_hand.clock.pass_(minutes=2)
    desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    desk.act(
        name,
        lambda one: decisions.assess(
            one, severity=Severity.P0, components=["api", "cache"], impact="all requests fail", findings="5xx"
        ),
        by="ada",
    )
    desk.act(name, lambda one: decisions.reach(one, Milestone.ROOT_CAUSE, "the pool is full"), by="ada")
    desk.act(name, lambda one: decisions.hand_over(one, "ben", "restart it"), by="ada")
    desk_at_hand.clock.pass_(minutes=30)
    after = desk.act(name, lambda one: decisions.resolve(one, "a larger pool"), by="ben")
    assert (after.status, after.severity, after.lead, after.components) == ("Resolved", "P0", "ben", ("api", "cache"))
    assert after.acknowledged_at == MONDAY + timedelta(minutes=2)
    assert [one.event.kind for one in desk.timeline(name)] == [
        "opened",
        "published",
        "acknowledged",
        "assessed",
        "published",
        "milestone",
        "published",
        "handed over",
        "resolved",
        "published",
    ]
    assert set(after.milestones) == {
        Milestone.DETECTED,
        Milestone.INVESTIGATION,
        Milestone.ROOT_CAUSE,
        Milestone.RESTORED,
    }
    # What the timeline tells once more is what it told the first time.
    assert desk.incident(name) == after


def test_a_war_room_is_made_once_and_each_lead_is_invited(tmp_path: Path) -> None:
    at_hand = responding(tmp_path / "store", rooms=True)
    name = at_hand.opened()
    at_hand.beat()
    at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    at_hand.desk.act(name, lambda one: decisions.change_severity(one, Severity.P0, "worse"), by="ada")
    at_hand.desk.act(name, lambda one: decisions.hand_over(one, "ben"), by="ada")
    at_hand.beat()
    rooms = [
        (message.room, message.to and message.to.handle) for message in at_hand.paper.sent if message.kind == "war_room"
    ]
    assert rooms == [(f"incident-{name}", who) for who in (None, "ada", "ben")]
    assert at_hand.desk.incident(name).room == f"#incident-{name}"
    assert [one.event.kind for one in at_hand.desk.timeline(name)].count("room") == 1
    at_hand.store.close()


def test_a_lead_whom_no_schedule_knows_is_named_all_the_same(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.desk.act(name, lambda one: decisions.assign(one, "DOMAIN\\Ada Løvelace"), by="ada")
    desk_at_hand.beat()
    assert ("Lead", "@domain-ada-l-velace") in desk_at_hand.paper.sent[-1].fields


def test_what_came_later_edits_the_first_message(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    desk_at_hand.beat()
    desk_at_hand.desk.act(name, lambda one: decisions.acknowledge(one, "ada"), by="ada")
    desk_at_hand.desk.act(name, lambda one: decisions.resolve(one, "restarted"), by="ada")
    desk_at_hand.beat()
    first = next(at for at, message in enumerate(desk_at_hand.paper.sent, 1) if message.kind == "alert")
    resolved = desk_at_hand.paper.sent[-1]
    assert (resolved.kind, resolved.update_of) == ("resolved", f"ref {first}")


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        (
            ["resolve"],
            "acknowledge",
            "was resolved at 2026-11-23 10:00 UTC and cannot be acknowledged: reopen it first",
        ),
        (["close"], "resolve", "was closed as false and cannot be resolved: reopen it first"),
        (["resolve"], "resolve", "cannot be resolved"),
        ([], "reopen", "is open"),
        ([], "hand over", "has no lead that could hand it over"),
        ([], "task", "is not resolved: its tasks begin with the resolution"),
        ([], "same", "is P1 already"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(
    desk_at_hand: Responding, first: list[str], then: str, says: str
) -> None:
    do = {
        "acknowledge": lambda one: decisions.acknowledge(one, "ada"),
        "resolve": lambda one: decisions.resolve(one),
        "close": lambda one: decisions.close_as_false(one, "a test"),
        "reopen": lambda one: decisions.reopen(one, "again"),
        "hand over": lambda one: decisions.hand_over(one, "ben"),
        "task": lambda one: decisions.do_task(one, "timeline"),
        "same": lambda one: decisions.change_severity(one, Severity.P1, "no"),
    }
    name = desk_at_hand.opened()
    for step in first:
        desk_at_hand.desk.act(name, do[step], by="ada")
    before = desk_at_hand.desk.timeline(name)
    with pytest.raises(OutOfTurn, match=says):
        desk_at_hand.desk.act(name, do[then], by="ada")
    assert desk_at_hand.desk.timeline(name) == before


def test_a_merged_incident_goes_on_as_the_other(desk_at_hand: Responding) -> None:
    one, other = desk_at_hand.opened(), desk_at_hand.opened()
    into = desk_at_hand.desk.merge(other, one, by="ada")
    assert into.links == ((other, "absorbed"),)
    assert desk_at_hand.desk.incident(other).status == f"Merged into {one}"
    assert [incident.id for incident in desk_at_hand.desk.list()] == [one]
    with pytest.raises(OutOfTurn, match=f"goes on as {one}"):
        desk_at_hand.desk.act(other, lambda it: decisions.acknowledge(it, "ada"), by="ada")


@pytest.mark.parametrize(("one", "into", "then"), [("P0", "P2", "P0"), ("P2", "P0", "P0"), ("P1", "P1", "P1")])
def test_what_goes_on_is_as_severe_as_the_worse_of_both(
    desk_at_hand: Responding, one: str, into: str, then: str
) -> None:
    name, other = desk_at_hand.opened(Severity(one)), desk_at_hand.opened(Severity(into))
    assert desk_at_hand.desk.merge(name, other, by="ada").severity == then
    changes = [each.event for each in desk_at_hand.desk.timeline(other) if each.event.kind == "severity"]
    assert len(changes) == (one < into)


def test_an_unknown_incident_is_told_with_those_that_there_are(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    with pytest.raises(NoSuchIncident, match=f"no incident '2026-01-01-001': the latest are {name}"):
        desk_at_hand.desk.incident("2026-01-01-001")


def test_nothing_is_detected_in_the_future(desk_at_hand: Responding) -> None:
    with pytest.raises(SettingError, match="2026-11-24 10:00:00 UTC, which is yet to come"):
        desk_at_hand.opened(detected_at=MONDAY + timedelta(days=1))


def test_ids_are_unique_however_many_open_at_once_and_widen(tmp_path: Path) -> None:
    at_hand = responding(tmp_path / "store")
    with at_hand.store.writing() as connection:
        connection.execute("INSERT INTO day VALUES ('2026-11-23', 990)")
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda _: at_hand.opened(), range(24)))
    at_hand.store.close()
    assert sorted(names, key=lambda name: int(name.rsplit("-", 1)[1])) == [
        f"2026-11-23-{number:03d}" for number in range(991, 1015)
    ]


def test_the_number_begins_anew_with_the_utc_day(desk_at_hand: Responding) -> None:
    desk_at_hand.opened()
    desk_at_hand.clock.pass_(hours=13, minutes=59)
    assert desk_at_hand.opened() == "2026-11-23-002"
    desk_at_hand.clock.pass_(minutes=1)
    assert desk_at_hand.opened() == "2026-11-24-001"


def test_a_security_incident_is_private_and_not_announced(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(incident_type="security", severity=Severity.P0)
    desk_at_hand.beat()
    assert desk_at_hand.desk.incident(name).private
    assert "alert" not in desk_at_hand.paper.kinds
    paged = {message.to.handle for message in desk_at_hand.paper.sent if message.to}
    assert paged == {"ada", "sec"}


def test_a_p3_is_told_to_nobody_until_it_is_worse(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened(Severity.P3)
    desk_at_hand.beat()
    assert desk_at_hand.paper.sent == []
    desk_at_hand.desk.act(name, lambda one: decisions.change_severity(one, Severity.P1, "it grew"), by="ada")
    desk_at_hand.beat()
    assert desk_at_hand.paper.kinds == ["page", "alert"]


def test_timelines_cannot_be_changed_in_the_store(desk_at_hand: Responding) -> None:
    desk_at_hand.opened()
    for statement in ("UPDATE event SET kind = 'note'", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"), desk_at_hand.store.writing() as connection:
            connection.execute(statement)


def test_what_is_not_committed_leaves_no_trace(desk_at_hand: Responding) -> None:
    name = desk_at_hand.opened()
    before = desk_at_hand.desk.timeline(name)

    def broken(_: object) -> tuple[()]:
        raise RuntimeError("the disk has gone")

    with pytest.raises(RuntimeError):
        desk_at_hand.desk.act(name, broken, by="ada")
    assert desk_at_hand.desk.timeline(name) == before
    with desk_at_hand.store.reading() as connection:
        assert outbox.next_at(connection) == MONDAY


def test_the_engine_is_not_loaded() -> None:
    code = (
        "import sys, actinf.responder.desk, actinf.responder.pulse, actinf.responder.courier;"
        "print([name for name in ('numba', 'numpy', 'sqlalchemy', 'psycopg') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_two_processes_share_a_store(tmp_path: Path) -> None:
    one = responding(tmp_path / "store")
    other = responding(tmp_path / "store", clock=Clock())
    assert (one.opened(), other.opened(), one.opened()) == ("2026-11-23-001", "2026-11-23-002", "2026-11-23-003")
    one.store.close()
    other.store.close()
