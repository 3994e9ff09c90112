"""Changes of who is on call."""

from datetime import UTC, datetime, timedelta

from support.duties import example

from actinf.responder.oncall.handoff import hand_offs

MONDAY = datetime(2026, 3, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)
LEVEL_1 = "{members: [ada, bob, cyd], shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}"


def told(schedule, since, until):
    return [
        (one.level, one.leaving and one.leaving.handle, one.coming and one.coming.handle, one.at)
        for one in hand_offs(schedule, since, until)
    ]


def test_each_change_of_person_is_told_and_new_shifts_of_the_same_are_not() -> None:
    assert told(example(), MONDAY - DAY, MONDAY + DAY) == [(1, "bob", "cyd", MONDAY), (2, "cyd", "ada", MONDAY)]


def test_a_change_counts_at_its_instant_and_not_at_the_end_of_what_is_looked_at() -> None:
    assert told(example(), MONDAY - DAY, MONDAY) == []
    assert len(told(example(), MONDAY, MONDAY + timedelta(seconds=1))) == 2
    assert told(example(), MONDAY, MONDAY) == []


def test_an_override_is_handed_over_and_back() -> None:
    schedule = example().override(1, "eve", MONDAY + DAY, MONDAY + 2 * DAY, by="cyd", why="", made=MONDAY)
    changes = hand_offs(schedule, MONDAY + timedelta(hours=1), MONDAY + 5 * DAY)
    assert [(one.leaving.handle, one.coming.handle, one.why) for one in changes if one.leaving and one.coming] == [
        ("cyd", "eve", "override by cyd"),
        ("eve", "cyd", "rotation"),
    ]
    assert [one.until for one in changes] == [MONDAY + 2 * DAY, datetime(2026, 3, 30, 7, tzinfo=UTC)]


def test_the_start_and_the_end_of_a_gap_are_told() -> None:
    schedule = example((LEVEL_1, LEVEL_1[:-1] + ", ends: 2026-03-23}"))
    assert told(schedule, MONDAY, MONDAY + DAY)[0] == (1, "bob", None, MONDAY)
