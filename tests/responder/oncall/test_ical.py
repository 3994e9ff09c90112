"""The exported calendar, as another program reads it."""

import sys
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from support.duties import example

from actinf.errors import MissingExtra, SettingError
from actinf.responder.oncall.ical import exported

MONDAY = datetime(2026, 3, 23, 8, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def events(content: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


def test_each_duty_is_an_event_with_its_bounds_in_utc() -> None:
    first, second = events(exported(example(), MONDAY, MONDAY + 2 * WEEK, made=MONDAY, handle="ada"))
    assert str(first["summary"]) == "On call: Ada Lovelace, Primary DevOps Engineer"
    assert (first.decoded("dtstart"), first.decoded("dtend")) == (
        datetime(2026, 3, 30, 7, tzinfo=UTC),
        datetime(2026, 4, 6, 7, tzinfo=UTC),
    )
    assert second.decoded("dtstart") == MONDAY
    assert "level 2" in second["description"]


def test_a_duty_that_has_begun_is_exported_whole() -> None:
    (event,) = events(
        exported(example(), MONDAY + WEEK / 2, MONDAY + WEEK / 2 + timedelta(1), made=MONDAY, handle="ada")
    )
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (MONDAY, datetime(2026, 3, 30, 7, tzinfo=UTC))


def test_the_events_of_everybody_are_those_of_each() -> None:
    schedule = example()
    together = events(exported(schedule, MONDAY, MONDAY + 4 * WEEK, made=MONDAY))
    apart = [
        event
        for handle in schedule.people
        for event in events(exported(schedule, MONDAY, MONDAY + 4 * WEEK, made=MONDAY, handle=handle))
    ]
    assert sorted(str(event["uid"]) for event in together) == sorted(str(event["uid"]) for event in apart)
    assert len({str(event["uid"]) for event in together}) == len(together)


def test_a_duty_keeps_its_name_when_its_end_changes() -> None:
    """A calendar program then moves the end, and shows the duty once."""
    schedule = example()
    later = schedule.override(1, "eve", MONDAY + WEEK / 2, MONDAY + WEEK, by="eve", why="", made=MONDAY)
    (before, *_), (after, *_) = (
        events(exported(one, MONDAY, MONDAY + timedelta(1), made=MONDAY)) for one in (schedule, later)
    )
    assert before["uid"] == after["uid"]
    assert after.decoded("dtend") < before.decoded("dtend")


def test_hostile_names_stay_text_and_no_address_is_told() -> None:
    name = '"Ada; X, BEGIN:VEVENT \\\\n END:VCALENDAR 🚨 ' + "long " * 20 + '"'
    content = exported(example(("Ada Lovelace", name)), MONDAY, MONDAY + WEEK, made=MONDAY)
    assert len(events(content)) == len(events(exported(example(), MONDAY, MONDAY + WEEK, made=MONDAY)))
    assert any(str(event["summary"]).startswith("On call: Ada; X, BEGIN:VEVENT \\n END") for event in events(content))
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"example.org" not in content
    assert b"1234567" not in content


def test_a_stranger_is_refused() -> None:
    with pytest.raises(SettingError, match="'adi' is not in the schedule"):
        exported(example(), MONDAY, MONDAY + WEEK, made=MONDAY, handle="adi")


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(MissingExtra, match=r"pip install '.\[respond\]'"):
        exported(example(), MONDAY, MONDAY + WEEK, made=MONDAY)


def test_asking_who_is_on_call_loads_no_engine_no_database_and_no_calendar_program(fresh_python) -> None:
    heavy = ["numba", "numpy", "sqlalchemy", "psycopg", "pydantic", "icalendar"]
    modules = "gaps, handoff, ical, load, rotation"
    done = fresh_python(
        f"import sys; from actinf.responder.oncall import {modules}; print([n for n in {heavy} if n in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr
