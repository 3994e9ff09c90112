"""Planned work begins and ends by itself on the page, once announced, and alerts of it are expected."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from support.responding import MONDAY, Responding

from actinf.errors import SettingError
from actinf.responder.publishing import plain
from actinf.responder.publishing.page import PublicPage, Working, page_of
from actinf.responder.publishing.planning import Planning
from actinf.responder.publishing.reading import About, Reader
from actinf.responder.publishing.requests import AnnounceWork, WorkChange
from actinf.responder.publishing.site import Site
from actinf.responder.publishing.writer import Writer
from actinf.responder.quiet.quieting import Quieting
from actinf.responder.record.verification import verify

HOUR = timedelta(hours=1)


@pytest.fixture
def planning(desk_at_hand: Responding) -> Planning:
    return Planning(desk_at_hand.store, desk_at_hand.clock, Quieting(desk_at_hand.store, desk_at_hand.clock))


@pytest.fixture
def writer(desk_at_hand: Responding, tmp_path: Path) -> Writer:
    site = Site(tmp_path / "status" / "site")
    return Writer(desk_at_hand.store, desk_at_hand.clock, Reader(About()), plain.render, site)


def asked(**given: object) -> AnnounceWork:
    said: dict[str, object] = {"title": "Upgrade", "since": MONDAY + HOUR, "until": MONDAY + 3 * HOUR}
    return AnnounceWork.model_validate(said | given)


def shown(writer: Writer) -> PublicPage:
    writer.once()
    return page_of(json.loads((writer.site.link / plain.DOCUMENT).read_bytes()))


def test_it_begins_and_ends_by_itself(desk_at_hand: Responding, planning: Planning, writer: Writer) -> None:
    planning.announce(asked(components=["Active Inference API"], text="Runs may wait."), by="ada")
    page = shown(writer)
    (notice,) = page.planned
    assert (notice.key, notice.state, notice.components) == ("maintenance-1", "scheduled", ("api",))
    assert (notice.updates[0].text, page.working) == ("Runs may wait.", Working.OPERATIONAL)
    desk_at_hand.clock.pass_(hours=1)
    page = shown(writer)
    (notice,) = page.current
    assert (page.working, page.planned, notice.ended_at) == (Working.MAINTENANCE, (), MONDAY + 3 * HOUR)
    assert [one.key for one in notice.updates] == ["maintenance-1/2", "maintenance-1/1"]
    desk_at_hand.clock.pass_(hours=2)
    page = shown(writer)
    (notice,) = page.past
    assert (page.working, page.current) == (Working.OPERATIONAL, ())
    assert [(one.key, one.at) for one in notice.updates][:2] == [
        ("maintenance-1/3", MONDAY + 3 * HOUR),
        ("maintenance-1/2", MONDAY + HOUR),
    ]
    day = page.components[0].days[-1]
    assert (day.worst, day.seconds_down, day.notices) == (Working.MAINTENANCE, 0, ("maintenance-1",))


def test_it_is_begun_and_ended_before_its_time(desk_at_hand: Responding, planning: Planning, writer: Writer) -> None:
    planning.announce(asked(), by="ada")
    desk_at_hand.clock.pass_(minutes=10)
    with pytest.raises(SettingError, match="has not begun: cancel it"):
        planning.change(1, WorkChange.END, "", by="ada")
    planning.change(1, WorkChange.START, "", by="ben")
    for change, told in ((WorkChange.START, "has begun already"), (WorkChange.CANCEL, "goes on: end it")):
        with pytest.raises(SettingError, match=told):
            planning.change(1, change, "", by="ada")
    assert shown(writer).current[0].began_at == MONDAY + timedelta(minutes=10)
    desk_at_hand.clock.pass_(minutes=10)
    planning.change(1, WorkChange.END, "All went well.", by="ben")
    (notice,) = shown(writer).past
    assert (notice.updates[0].text, notice.ended_at) == ("All went well.", MONDAY + timedelta(minutes=20))
    with pytest.raises(SettingError, match="no planned work 1 is to come or goes on"):
        planning.change(1, WorkChange.END, "", by="ben")


def wrong(at_hand: Responding) -> list[str]:
    with at_hand.store.reading() as connection:
        return [one.what for one in verify(connection, at_hand.store.key, None).wrong]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE planned_work SET title = 'All is well', ends_at = ends_at + 60000000", "(title, ends_at)"),
        ("UPDATE planned_work SET impact = 'operational', made_by = 'mallory'", "(impact, by)"),
        ("UPDATE planned_work SET begun_at = NULL", "(begun_at)"),
        ("UPDATE planned_work SET cancelled = 1, why = 'no'", "(cancelled, why)"),
        ("UPDATE planned_work SET components = '[\"worker\"]', window = 'x'", "(components, window)"),
        ("UPDATE planned_work SET impact = 'fine'", "the planned work 1 cannot be read"),
        ("UPDATE planned_work SET starts_at = 9223372036854775807", "the planned work 1 cannot be read"),
        ("UPDATE planned_work SET components = '7'", "the planned work 1 cannot be read"),
        ("DELETE FROM planned_work", "the planned work 1 is gone"),
        (
            "INSERT INTO planned_work SELECT 2, title, text, components, impact, starts_at, ends_at, made_by, made_at,"
            " window, begun_at, over_at, cancelled, why FROM planned_work",
            "the planned work 2 is there, and the log does not say who announced it",
        ),
    ],
)
def test_what_was_changed_in_the_file_is_found(
    desk_at_hand: Responding, planning: Planning, tampering: str, found: str
) -> None:
    planning.announce(asked(components=["api"], text="Runs may wait."), by="ada")
    desk_at_hand.clock.pass_(minutes=10)
    planning.change(1, WorkChange.START, "", by="ben")
    desk_at_hand.clock.pass_(minutes=10)
    planning.change(1, WorkChange.END, "All went well.", by="ben")
    assert wrong(desk_at_hand) == []
    with desk_at_hand.store.writing() as connection:
        connection.execute(tampering)
    (said,) = wrong(desk_at_hand)
    assert found in said


def test_what_is_cancelled_counts_for_nothing(desk_at_hand: Responding, planning: Planning, writer: Writer) -> None:
    planning.announce(asked(components=["api"], impact="major outage"), by="ada")
    shown(writer)
    planning.change(1, WorkChange.CANCEL, "", by="ada")
    desk_at_hand.clock.pass_(hours=2)
    page = shown(writer)
    assert [one.state for one in page.past[0].updates] == ["cancelled", "scheduled"]
    assert page.components[0].days[-1].seconds_down == 0
    assert [one["state"] for one in planning.works(past=True)] == ["cancelled"]
    assert planning.works() == []


def test_alerts_that_are_expected_have_their_window_with_it(desk_at_hand: Responding, planning: Planning) -> None:
    made = planning.announce(asked(expects=["component=db"]), by="ada")
    (window,) = planning.quieting.maintenances()
    assert (window["name"], window["from"], window["until"]) == (made["window"], made["from"], made["until"])
    desk_at_hand.clock.pass_(minutes=5)
    planning.change(1, WorkChange.START, "", by="ada")
    (window,) = planning.quieting.maintenances()
    assert (window["holds"], window["matchers"], window["until"]) == (True, ['component="db"'], made["until"])
    planning.change(1, WorkChange.END, "", by="ada")
    assert planning.quieting.maintenances() == []
    assert wrong(desk_at_hand) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"until": MONDAY + HOUR}, "until is 2026-11-23 11:00 UTC, and since 2026-11-23 11:00 UTC: expected a later"),
        ({"since": MONDAY - HOUR}, "since is 2026-11-23 09:00 UTC, which is over"),
        ({"until": MONDAY + timedelta(days=40)}, "it lasts 39 days: expected 31 at most"),
        ({"since": MONDAY + timedelta(days=400), "until": MONDAY + timedelta(days=401)}, "expected a time within 366"),
        ({"components": ["Database"]}, "component is 'Database', which users do not know: expected one of api, worker"),
        ({"expects": ["nonsense"]}, "nonsense"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_made(
    planning: Planning, given: dict[str, object], told: str
) -> None:
    with pytest.raises(SettingError, match=told):
        planning.announce(asked(**given), by="ada")
    assert planning.works(past=True) == []
    assert planning.quieting.maintenances(past=True) == []


def test_there_is_an_end_to_how_much_is_planned(planning: Planning) -> None:
    for _ in range(50):
        planning.announce(asked(), by="ada")
    with pytest.raises(SettingError, match="there are 50 planned works already"):
        planning.announce(asked(), by="ada")
