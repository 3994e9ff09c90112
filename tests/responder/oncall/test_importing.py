"""A calendar in a schedule: who is meant, what is new, what ends, and what somebody arranged by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.duties import example

from actinf.errors import SettingError
from actinf.responder.oncall.ical import exported
from actinf.responder.oncall.ical_shifts import Shift, read_calendar
from actinf.responder.oncall.importing import Plan, Reading, planned
from actinf.responder.oncall.overrides import Origin
from actinf.responder.oncall.rotation import Schedule

MONDAY = datetime(2026, 3, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)
READING = Reading(file="a.ics", calendar="team", known_as={})


def shift(summary: str, begins: float, lasts: float = 1, *named: str, **said: Any) -> Shift:
    since = MONDAY + begins * DAY
    return Shift(
        since=since,
        until=since + lasts * DAY,
        summary=summary,
        named=named,
        who=said.get("who", ""),
        post=said.get("post", ""),
        line=said.get("line", 7),
    )


def taken(schedule: Schedule, *shifts: Shift, now: datetime = MONDAY, **said: Any) -> Plan:
    return planned(schedule, shifts, replace(READING, **said), by="eve", now=now)


def who(schedule: Schedule, begins: float) -> str:
    duty = schedule.on_call(1, MONDAY + begins * DAY)
    assert duty is not None
    return duty.person.handle


def test_a_shift_becomes_an_exception_that_says_where_it_comes_from() -> None:
    plan = taken(example(), shift("eve", 2))
    (one,) = plan.added
    assert (one.level, one.who, one.since, one.until) == (1, "eve", MONDAY + 2 * DAY, MONDAY + 3 * DAY)
    assert (one.origin, one.told()) == (Origin.IMPORT, "import by eve (calendar team)")
    assert [who(plan.schedule, at) for at in (1.9, 2, 2.9, 3)] == ["cyd", "eve", "eve", "cyd"]
    assert Schedule.from_document(plan.schedule.document()) == plan.schedule


def test_taken_again_it_changes_nothing_and_changed_it_changes_that() -> None:
    first = taken(example(), shift("eve", 2), shift("bob", 4))
    again = taken(first.schedule, shift("eve", 2), shift("bob", 4))
    assert (again.schedule, again.added, again.ended, again.kept) == (first.schedule, (), (), 2)
    less = taken(first.schedule, shift("eve", 2, 1.5))
    assert [(one.who, one.until) for one in less.added] == [("eve", MONDAY + 3.5 * DAY)]
    assert sorted(one.who for one in less.ended) == ["bob", "eve"]
    assert [who(less.schedule, at) for at in (3.2, 4.2)] == ["eve", "cyd"]


def test_taken_for_another_level_or_fewer_days_it_ends_nothing_that_was_not_read() -> None:
    first = taken(example(), shift("eve", 2), level=1)
    other = taken(first.schedule, shift("bob", 3), level=2)
    assert [(one.level, one.who) for one in other.schedule.overrides] == [(1, "eve"), (2, "bob")]
    shorter = taken(other.schedule, level=1, until=MONDAY + DAY)
    assert (shorter.schedule, shorter.ended) == (other.schedule, ())
    assert [one.who for one in taken(other.schedule, level=1, until=MONDAY + 3 * DAY).ended] == ["eve"]


def test_who_is_named_by_an_address_is_known_where_only_their_contact_has_it() -> None:
    plan = taken(example(), shift("on call", 2, 1, "e@example.org"), addresses={"eve": "e@example.org"})
    assert [one.who for one in plan.added] == ["eve"]


def test_what_has_begun_stays_on_record_and_ends_now() -> None:
    first = taken(example(), shift("eve", 0, 2))
    later = MONDAY + DAY
    again = taken(first.schedule, shift("eve", 0, 2), now=later)
    assert again.schedule == first.schedule
    gone = taken(first.schedule, now=later)
    assert [(one.since, one.until) for one in gone.schedule.overrides] == [(MONDAY, later)]


def test_another_calendar_is_another_set() -> None:
    first = taken(example(), shift("eve", 2))
    both = taken(first.schedule, shift("bob", 4), calendar="another")
    assert [who(both.schedule, at) for at in (2, 4)] == ["eve", "bob"]


def test_what_the_rotation_says_anyhow_needs_no_exception() -> None:
    assert taken(example(), shift("cyd", 1, 2)).added == ()
    (one,) = taken(example(), shift("cyd", 6.5, 1)).added
    hand_off = datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert (one.since, one.until) == (hand_off, MONDAY + 7.5 * DAY)


def test_what_somebody_arranged_by_hand_counts_before_the_calendar() -> None:
    by_hand = example().override(
        1, "ada", MONDAY + 2.25 * DAY, MONDAY + 2.5 * DAY, by="ada", why="swapped by mouth", made=MONDAY
    )
    plan = taken(by_hand, shift("eve", 2))
    assert [who(plan.schedule, at) for at in (2.1, 2.3, 2.6)] == ["eve", "ada", "eve"]
    assert any("left to ada, by exception" in note for note in plan.notes)
    assert taken(plan.schedule, shift("eve", 2)).schedule == plan.schedule


def test_our_own_export_changes_nothing_whatever_is_in_it() -> None:
    schedule = taken(example(), shift("eve", 2), shift("bob", 4)).schedule
    content = exported(schedule, MONDAY, MONDAY + 28 * DAY, made=MONDAY)
    read = read_calendar(content, "own.ics", zone="UTC", since=MONDAY, until=MONDAY + 28 * DAY)
    assert {one.post for one in read.shifts} == {str(post) for post in schedule.posts}
    for level in (None, 1, 2):
        plan = planned(schedule, read.shifts, replace(READING, level=level, calendar=read.name), by="eve", now=MONDAY)
        assert (plan.added, plan.ended, plan.notes) == ((), (), ())
        assert plan.schedule == schedule


def test_our_own_export_fills_another_schedule() -> None:
    there = taken(example(), shift("eve", 2)).schedule
    content = exported(there, MONDAY, MONDAY + 7 * DAY, made=MONDAY)
    read = read_calendar(content, "own.ics", zone="UTC", since=MONDAY, until=MONDAY + 7 * DAY)
    here = planned(example(), read.shifts, replace(READING, calendar=read.name), by="eve", now=MONDAY).schedule
    assert [who(here, at) for at in (1.9, 2, 2.9, 3)] == ["cyd", "eve", "eve", "cyd"]


@pytest.mark.parametrize(
    ("summary", "named", "known_as", "found"),
    [
        ("On call", ("ADA@example.org",), {}, "ada"),
        ("On call - Bob Jones - Team", (), {}, "bob"),
        ("on-call: @eve", (), {}, "eve"),
        ("cyd", (), {}, "cyd"),
        ("Ada L. has it", (), {"Ada L.": "ada"}, "ada"),
        ("Bob Jones", ("someone@example.com",), {"someone@example.com": "eve"}, "eve"),
    ],
)
def test_who_is_meant_is_found_by_what_says_most(
    summary: str, named: tuple[str, ...], known_as: dict[str, str], found: str
) -> None:
    schedule = example()
    people = {handle: replace(one, email=f"{handle}@example.org") for handle, one in schedule.people.items()}
    plan = taken(replace(schedule, people=people), shift(summary, 2, 1, *named), known_as=known_as, level=4)
    assert [one.who for one in plan.added] == [found]


def test_who_is_not_known_is_told_with_the_line_before_anything_is_done() -> None:
    with pytest.raises(SettingError) as refused:
        taken(example(), shift("Team lunch", 2, line=12), shift("ada and bob", 3, line=20))
    assert str(refused.value).splitlines() == [
        "a.ics:12: 'Team lunch': nobody in the schedule is named by it: say who it is, --map NAME=HANDLE",
        "a.ics:20: 'ada and bob': it names ada and bob: expected one of them; say whom it means, --map NAME=HANDLE",
    ]
    plan = taken(example(), shift("Team lunch", 2), shift("eve", 3), only_known=True)
    assert [one.who for one in plan.added] == ["eve"]
    assert "passed over, since they name nobody who is known: 1 of 2 shifts" in plan.notes


def test_a_handle_within_a_word_is_nobody() -> None:
    for summary in ("evening shift", "bobby", "ada@example.com", "x-ada", "ada.b"):
        with pytest.raises(SettingError, match="nobody in the schedule"):
            taken(example(), shift(summary, 2))


def test_two_people_at_once_are_told_and_one_person_twice_is_fine() -> None:
    with pytest.raises(SettingError, match=r"a.ics:9: 'cyd': cyd from 2026-03-25 20:00 UTC while eve is on call until"):
        taken(example(), shift("eve", 2, line=5), shift("cyd", 2.5, line=9))
    plan = taken(example(), shift("eve", 2), shift("eve", 2.5))
    assert [who(plan.schedule, at) for at in (2, 3.4, 3.6)] == ["eve", "eve", "cyd"]


def test_where_the_calendar_has_nobody_is_told() -> None:
    (note,) = taken(example(), shift("eve", 2), shift("eve", 4)).notes
    assert note == (
        "the calendar has nobody at level 1 from 2026-03-26 08:00 UTC to 2026-03-27 08:00 UTC: the rotation holds"
    )


def test_a_level_or_handle_that_is_none_is_refused() -> None:
    with pytest.raises(SettingError, match="9 is no level or duty here"):
        taken(example(), shift("eve", 2), level=9)
    with pytest.raises(SettingError, match="'adda' is not in the schedule"):
        taken(example(), shift("eve", 2), known_as={"Ada": "adda"})
