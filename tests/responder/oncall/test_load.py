"""How the work of being on call is spread."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.duties import example

from actinf.responder.oncall.load import Page, jain, load

MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)


def page(at: datetime, handle: str, incident: str, level: int | str = 1) -> Page:
    return Page(at=at, handle=handle, level=level, incident=incident)


def test_shifts_and_hours_are_those_of_the_time_looked_at() -> None:
    found = load(example(), MONDAY, MONDAY + 3 * WEEK, [])
    people = {one.handle: (one.shifts, one.hours) for one in found.people}
    # Two levels of a week each; Cyd has security as well, whose weeks begin on Monday at midnight.
    assert people["ada"] == (2, 2 * 168)
    assert people["bob"] == (2, 2 * 168)
    assert people["cyd"][1] == 2 * 168 + 3 * 168


def test_hours_are_real_hours_where_clocks_are_put_forward() -> None:
    since = datetime(2026, 3, 23, 8, tzinfo=UTC)
    (shift, *_) = load(example(), since, since + WEEK, []).shifts
    assert (shift.duty.until - shift.duty.since) == timedelta(hours=167)


def test_two_events_in_a_shift_are_the_mark_and_three_are_over_it() -> None:
    pages = [page(MONDAY + HOUR, "ada", "one"), page(MONDAY + 2 * HOUR, "ada", "two")]
    within, *_ = load(example(), MONDAY, MONDAY + WEEK, pages).shifts
    over, *_ = load(example(), MONDAY, MONDAY + WEEK, [*pages, page(MONDAY + 3 * HOUR, "ada", "three")]).shifts
    assert (within.is_over_the_mark, over.is_over_the_mark) == (False, True)


def test_pages_for_one_incident_in_one_shift_are_one_event() -> None:
    pages = [page(MONDAY + number * HOUR, "ada", "one") for number in range(1, 6)]
    ada = next(one for one in load(example(), MONDAY, MONDAY + WEEK, pages).people if one.handle == "ada")
    assert (ada.pages, ada.events, ada.shifts_over_the_mark) == (5, 1, 0)


def test_pages_belong_to_the_shift_of_their_level_person_and_time() -> None:
    pages = [
        page(MONDAY + HOUR, "bob", "other-level", 2),
        page(MONDAY + HOUR, "bob", "not-on-call"),
        page(MONDAY + WEEK, "ada", "after-the-end"),
        page(MONDAY + HOUR, "cyd", "duty", "security"),
    ]
    found = load(example(), MONDAY, MONDAY + WEEK, pages)
    assert [(shift.duty.name, shift.incidents) for shift in found.shifts if shift.incidents] == [
        ("Secondary Senior Backend Engineer", ("other-level",)),
        ("security", ("duty",)),
    ]
    assert {one.handle: one.pages for one in found.people if one.pages} == {"bob": 2, "cyd": 1}


def test_a_level_is_fair_after_whole_rounds_and_less_so_after_one_shift() -> None:
    assert load(example(), MONDAY, MONDAY + 3 * WEEK, []).fairness[1] == pytest.approx(1)
    assert load(example(), MONDAY, MONDAY + WEEK, []).fairness[1] == pytest.approx(1 / 3)


def test_who_stands_in_from_outside_does_not_make_it_look_unfair_among_the_members() -> None:
    schedule = example().override(1, "eve", MONDAY, MONDAY + 3 * WEEK, by="eve", why="", made=MONDAY)
    assert load(schedule, MONDAY, MONDAY + 3 * WEEK, []).fairness[1] == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20))
def test_fairness_lies_between_one_for_all_and_all_for_one(shares: list[float]) -> None:
    assert 1 / len(shares) - 1e-9 <= jain(shares) <= 1 + 1e-9
