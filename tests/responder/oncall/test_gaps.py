"""What is wrong with a schedule, found before it is saved."""

from datetime import UTC, datetime, timedelta

from support.duties import example

from actinf.responder.oncall.gaps import Kind, findings, gaps, new_findings

SINCE = datetime(2026, 3, 18, 12, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=28)
LEVEL_1 = "{members: [ada, bob, cyd], shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}"
WEEKDAYS_ONLY = (LEVEL_1, LEVEL_1[:-1] + ", only: {weekdays: [monday, tuesday, wednesday, thursday, friday]}}")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_example_has_nothing_wrong() -> None:
    assert findings(example(), SINCE, UNTIL) == ()


def test_weekends_that_nobody_has_are_gaps_with_the_hours_of_their_weekend() -> None:
    found = gaps(example(WEEKDAYS_ONLY), SINCE, UNTIL)
    assert [(gap.level, gap.since, gap.until) for gap in found[:2]] == [
        (1, at("2026-03-20T23:00:00Z"), at("2026-03-22T23:00:00Z")),
        (1, at("2026-03-27T23:00:00Z"), at("2026-03-29T22:00:00Z")),
    ]
    assert len(found) == 4


def test_a_gap_is_told_whole_and_cut_to_the_horizon() -> None:
    schedule = example((LEVEL_1, LEVEL_1[:-1] + ", ends: 2026-03-23}"))
    schedule = schedule.override(
        1, "eve", SINCE + timedelta(days=9), SINCE + timedelta(days=10), by="x", why="", made=SINCE
    )
    found = gaps(schedule, SINCE, UNTIL)
    assert [(gap.since, gap.until) for gap in found] == [
        (at("2026-03-23T08:00:00Z"), SINCE + timedelta(days=9)),
        (SINCE + timedelta(days=10), UNTIL),
    ]


def test_two_rotations_that_both_do_not_apply_leave_one_gap() -> None:
    layers = "layers: [{members: [ada], only: {closes: 06:00}}, {members: [bob], only: {opens: 20:00}}]"
    found = gaps(example((LEVEL_1, layers)), at("2026-04-01T00:00:00Z"), at("2026-04-02T00:00:00Z"))
    assert [(gap.since, gap.until) for gap in found] == [(at("2026-04-01T04:00:00Z"), at("2026-04-01T18:00:00Z"))]


def test_a_gap_is_grave_and_says_when_and_how_to_mend_it() -> None:
    (first, *_) = findings(example(WEEKDAYS_ONLY), SINCE, UNTIL)
    assert (first.kind, first.is_grave) == (Kind.GAP, True)
    assert first.sentence.startswith(
        "nobody is on call as Primary DevOps Engineer (level 1) from 2026-03-20 23:00Z until 2026-03-22 23:00Z: add"
    )


def test_who_cannot_be_reached_is_told_once_with_all_that_they_have() -> None:
    (found,) = findings(example((", email: cyd@example.org", "")), SINCE, UNTIL)
    assert (found.kind, found.who, found.is_grave) == (Kind.UNREACHABLE, "cyd", True)
    assert set(found.levels) == {1, 2, "security"}
    assert "give them a chat_id, an email or a phone" in found.sentence


def test_who_is_never_on_call_need_not_be_reachable() -> None:
    away = ("  eve: {", "  gil: {name: Gil Fox, role: Guest}\n  eve: {")
    assert findings(example(away), SINCE, UNTIL) == ()


def test_one_person_at_two_levels_at_a_time_is_a_warning_of_one_piece() -> None:
    schedule = example(("members: [bob, cyd, ada]", "members: [bob, ada, cyd]"))
    found = findings(schedule, SINCE, UNTIL - timedelta(weeks=1))
    assert [(one.kind, one.who, one.levels, one.is_grave) for one in found] == [
        (Kind.TWO_LEVELS, "cyd", (1, 2), False),
    ]
    assert (found[0].since, found[0].until) == (at("2026-03-23T08:00:00Z"), at("2026-03-30T07:00:00Z"))
    always = findings(example((LEVEL_1, "{members: [eve]}")), SINCE, UNTIL)
    assert [(one.levels, one.since, one.until) for one in always] == [((1, 3), SINCE, UNTIL)]


def test_levels_and_duties_that_are_missing_are_warnings() -> None:
    schedule = example(("  - {members: [eve]}\n  - {members: [fay]}\n", ""), ("security: cyd, ", ""))
    found = findings(schedule, SINCE, UNTIL)
    assert [(one.kind, one.levels, one.is_grave) for one in found] == [
        (Kind.UNNAMED, ("security",), False),
        (Kind.NO_ESCALATION, (3, 4), False),
    ]


def test_of_a_change_only_that_is_shown_which_it_makes_wrong() -> None:
    before, after = example(WEEKDAYS_ONLY), example(WEEKDAYS_ONLY, (", email: cyd@example.org", ""))
    assert [one.kind for one in new_findings(before, after, SINCE, UNTIL)] == [Kind.UNREACHABLE]
    assert new_findings(before, example(), SINCE, UNTIL) == ()
    saturday = at("2026-03-21T12:00:00Z")
    smaller = before.override(1, "eve", saturday, saturday + timedelta(hours=2), by="eve", why="", made=SINCE)
    assert [one.kind for one in new_findings(before, smaller, SINCE, UNTIL)] == [Kind.TWO_LEVELS]
