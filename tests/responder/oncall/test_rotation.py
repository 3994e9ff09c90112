"""Who is on call: by turns, and with exceptions."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from support.duties import EXAMPLE, example

from actinf.errors import SettingError
from actinf.responder.oncall import shifts
from actinf.responder.oncall.calendar import Calendar
from actinf.responder.oncall.overrides import Origin, Override
from actinf.responder.oncall.rotation import Duty, Schedule, Unfilled
from actinf.responder.oncall.shifts import Layer, Post

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
LEVEL_1 = "{members: [ada, bob, cyd], shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def who(schedule: Schedule, moment: datetime, level: int | str = 1) -> str | None:
    duty = schedule.on_call(level, moment)
    return None if duty is None else duty.person.handle


# ---------------------------------------------------------------------------------------------------------- by turns


def test_people_follow_one_another_in_their_order() -> None:
    schedule = example()
    weeks = [who(schedule, at("2026-01-05T08:00:00Z") + timedelta(weeks=week)) for week in range(5)]
    assert weeks == ["ada", "bob", "cyd", "ada", "bob"]


def test_a_duty_tells_its_bounds_and_its_reason() -> None:
    duty = example().on_call(1, at("2026-01-14T00:00:00+01:00"))
    assert duty is not None
    assert (duty.person.handle, duty.level, duty.name) == ("bob", 1, "Primary DevOps Engineer")
    assert (duty.since, duty.until) == (at("2026-01-12T08:00:00Z"), at("2026-01-19T08:00:00Z"))
    assert duty.why == "rotation"


def test_a_shift_is_handed_off_at_the_instant_and_not_before() -> None:
    schedule = example()
    assert who(schedule, at("2026-01-12T07:59:59.999999Z")) == "ada"
    assert who(schedule, at("2026-01-12T08:00:00Z")) == "bob"


def test_nobody_is_on_call_before_the_rotation_starts() -> None:
    schedule = example()
    assert schedule.on_call(1, at("2026-01-05T07:59:59Z")) is None
    found = schedule.coverage(1, at("2026-01-01T00:00:00Z"))
    assert isinstance(found, Unfilled)
    assert found.until == at("2026-01-05T08:00:00Z")


def test_every_level_and_duty_has_somebody_now() -> None:
    now = example().now(NOW)
    handles = {level: duty and duty.person.handle for level, duty in now.items()}
    assert handles == {1: "bob", 2: "cyd", 3: "eve", 4: "fay", "security": "cyd", "legal": "eve"}


def test_the_cto_is_level_four_by_name() -> None:
    schedule = example()
    assert schedule.on_call("cto", NOW) == schedule.on_call(4, NOW)


@pytest.mark.parametrize("level", [0, 5, -1, "primary", True])
def test_a_level_that_there_is_not_is_refused(level: int | str) -> None:
    with pytest.raises(SettingError, match="is no level or duty here: expected one of '1'"):
        example().on_call(level, NOW)


@pytest.mark.parametrize(
    ("zone", "starts", "night", "hours"),
    [
        ("Europe/Berlin", "2026-03-23", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-19", "2026-10-25", 25),
        ("America/New_York", "2026-03-02", "2026-03-08", 23),
        ("America/New_York", "2026-10-26", "2026-11-01", 25),
    ],
)
def test_a_shift_of_a_day_ends_at_the_same_time_on_the_wall_over_both_changes_of_clocks(
    zone: str, starts: str, night: str, hours: int
) -> None:
    layer = Layer(members=("ada", "bob"), days=1, hand_off=time(0), starts=date.fromisoformat(starts), zone=zone)
    noon = datetime.combine(date.fromisoformat(night), time(16), UTC)
    stretch = layer.stretch(noon)
    assert stretch.until - stretch.since == timedelta(hours=hours)
    assert layer.stretch(stretch.until).since == stretch.until
    assert layer.stretch(stretch.since - timedelta(microseconds=1)).until == stretch.since


@pytest.mark.parametrize(
    ("night", "hand_off"),
    [("2026-03-29", "2026-03-29T01:30:00Z"), ("2026-10-25", "2026-10-25T00:30:00Z")],
    ids=["does-not-occur", "occurs-twice"],
)
def test_a_hand_off_on_the_night_itself_happens_once(night: str, hand_off: str) -> None:
    starts = date.fromisoformat(night) - timedelta(days=2)
    layer = Layer(members=("ada", "bob"), days=1, hand_off=time(2, 30), starts=starts, zone="Europe/Berlin")
    minutes = [at(night + "T00:00:00Z") + timedelta(minutes=number) for number in range(240)]
    handles = [layer.stretch(minute).handle for minute in minutes]
    changes = [minute for minute, one, two in zip(minutes[1:], handles, handles[1:], strict=False) if one != two]
    assert changes == [at(hand_off)]


def test_the_twenty_ninth_of_february_is_a_day_of_its_own() -> None:
    layer = Layer(members=("ada", "bob"), days=1, hand_off=time(9), starts=date(2028, 2, 28), zone="UTC")
    days = [layer.stretch(datetime(2028, 2, 28, 12, tzinfo=UTC) + timedelta(days=number)) for number in range(3)]
    assert [day.handle for day in days] == ["ada", "bob", "ada"]
    assert days[1].since.date() == date(2028, 2, 29)
    weekly = Layer(members=("ada", "bob"), days=7, hand_off=time(9), starts=date(2028, 2, 29), zone="UTC")
    assert weekly.stretch(datetime(2032, 2, 29, tzinfo=UTC)).since == datetime(2032, 2, 24, 9, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_is_nobodys_and_a_gap_of_nothing() -> None:
    """Samoa had no 30 December 2011."""
    layer = Layer(
        members=("ada", "bob", "cyd"), days=1, hand_off=time(9), starts=date(2011, 12, 29), zone="Pacific/Apia"
    )
    first = layer.stretch(datetime(2011, 12, 29, 20, tzinfo=UTC))
    second = layer.stretch(first.until)
    assert (first.handle, second.handle) == ("ada", "cyd")


def test_an_answer_costs_the_same_centuries_after_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = shifts.instant
    monkeypatch.setattr(shifts, "instant", lambda *given: asked.append(given) or real(*given))
    schedule = example((LEVEL_1, LEVEL_1.replace("1 week", "1 day").replace("monday ", "").replace("2026", "1970")))
    asked.clear()
    assert who(schedule, datetime(2900, 1, 1, tzinfo=UTC)) is not None
    assert len(asked) < 12


# ------------------------------------------------------------------------------------------- rotations with own hours

FOLLOW_THE_SUN = (
    LEVEL_1,
    "layers: [{members: [ada, bob], shift: 1 week, hand_off: monday 00:00, starts: 2026-01-05, "
    "only: {weekdays: [monday, tuesday, wednesday, thursday, friday], opens: 08:00, closes: 16:00}}, "
    "{members: [eve], zone: America/New_York, only: {opens: 10:00, closes: 18:00}}, {members: [cyd]}]",
)


def test_a_rotation_with_hours_of_its_own_goes_before_one_without() -> None:
    schedule = example(FOLLOW_THE_SUN)
    day = [(duty.since, duty.person.handle) for duty in schedule.timeline(1, *_day("2026-01-13")) if _is_duty(duty)]
    assert day == [
        (at("2026-01-13T00:00:00Z"), "cyd"),
        (at("2026-01-13T07:00:00Z"), "bob"),
        (at("2026-01-13T15:00:00Z"), "eve"),
        (at("2026-01-13T23:00:00Z"), "cyd"),
    ]


def test_where_two_zones_change_clocks_weeks_apart_the_first_rotation_goes_before() -> None:
    """From 8 to 29 March New York is an hour nearer to Berlin: for an hour two of them apply."""
    schedule = example(FOLLOW_THE_SUN)
    assert who(schedule, at("2026-03-10T14:30:00Z")) == "bob"
    assert who(schedule, at("2026-03-10T15:00:00Z")) == "eve"
    assert who(schedule, at("2026-03-10T22:30:00Z")) == "cyd"


def test_hours_that_nobody_has_are_a_gap_with_its_bounds() -> None:
    hours = LEVEL_1[:-1] + ", only: {weekdays: [monday, tuesday, wednesday, thursday, friday]}}"
    found = example((LEVEL_1, hours)).coverage(1, at("2026-03-21T12:00:00Z"))
    assert isinstance(found, Unfilled)
    assert (found.since, found.until) == (at("2026-03-20T23:00:00Z"), at("2026-03-22T23:00:00Z"))


def test_one_rotation_follows_another_without_a_gap_at_the_hand_off() -> None:
    later = LEVEL_1.replace("2026-01-05", "2026-03-02").replace("[ada, bob, cyd]", "[cyd, bob]")
    layers = f"layers: [{LEVEL_1[:-1]}, ends: 2026-03-02}}, {later}]"
    schedule = example((LEVEL_1, layers))
    assert who(schedule, at("2026-03-02T07:59:59Z")) == "bob"
    assert who(schedule, at("2026-03-02T08:00:00Z")) == "cyd"
    assert all(
        _is_duty(found) for found in schedule.timeline(1, at("2026-02-01T00:00:00Z"), at("2026-04-01T00:00:00Z"))
    )


def test_a_rotation_that_has_ended_leaves_nobody() -> None:
    found = example((LEVEL_1, LEVEL_1[:-1] + ", ends: 2026-03-02}")).coverage(1, NOW)
    assert isinstance(found, Unfilled)
    assert found.since == at("2026-03-02T08:00:00Z")
    assert found.until.year == 9999


# --------------------------------------------------------------------------------------------------------- exceptions


def test_an_override_is_on_call_from_its_start_until_just_before_its_end() -> None:
    since, until = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    schedule = example().override(1, "eve", since, until, by="bob", why="dentist", made=NOW)
    assert who(schedule, since - timedelta(microseconds=1)) == "bob"
    assert who(schedule, until) == "bob"
    duty = schedule.on_call(1, since)
    assert duty is not None
    assert (duty.person.handle, duty.since, duty.until) == ("eve", since, until)
    assert duty.why == "override by bob (dentist)"


def test_the_duty_around_an_override_ends_and_begins_with_it() -> None:
    since, until = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    schedule = example().override(1, "eve", since, until, by="bob", why="", made=NOW)
    before, after = schedule.on_call(1, NOW), schedule.on_call(1, until)
    assert before is not None
    assert after is not None
    assert before.until == since
    assert after.since == until


def test_of_two_overrides_the_later_counts_and_says_so() -> None:
    hour = timedelta(hours=1)
    schedule = example().override(1, "eve", NOW + hour, NOW + 5 * hour, by="bob", why="dentist", made=NOW)
    schedule = schedule.override(1, "fay", NOW + 2 * hour, NOW + 3 * hour, by="eve", why="", made=NOW)
    assert [who(schedule, NOW + number * hour) for number in range(6)] == ["bob", "eve", "fay", "eve", "eve", "bob"]
    duty = schedule.on_call(1, NOW + 2 * hour)
    assert duty is not None
    assert duty.why == "override by eve, made later than, and so before: override by bob (dentist)"
    around = schedule.on_call(1, NOW + hour)
    assert around is not None
    assert around.until == NOW + 2 * hour


def test_what_is_past_stays_as_it_was() -> None:
    schedule = example().override(
        1, "eve", NOW - timedelta(days=1), NOW + timedelta(days=1), by="eve", why="", made=NOW
    )
    assert who(schedule, NOW - timedelta(seconds=1)) == "bob"
    assert who(schedule, NOW) == "eve"
    with pytest.raises(SettingError, match="which is past: who was on call is on record"):
        example().override(1, "eve", NOW - timedelta(days=1), NOW, by="eve", why="", made=NOW)


def test_an_override_may_be_for_a_duty() -> None:
    schedule = example().override("security", "fay", NOW, NOW + timedelta(days=3), by="fay", why="", made=NOW)
    assert (who(schedule, NOW, "security"), who(schedule, NOW, 1)) == ("fay", "bob")
    by_name = example().override("cto", "eve", NOW, NOW + timedelta(days=1), by="fay", why="", made=NOW)
    assert who(by_name, NOW, 4) == "eve"


def test_two_shifts_are_swapped_whole_and_no_other() -> None:
    schedule = example().swap(1, at("2026-03-24T00:00:00Z"), at("2026-04-01T00:00:00Z"), by="cyd", made=NOW)
    weeks = [who(schedule, at("2026-03-17T00:00:00Z") + timedelta(weeks=week)) for week in range(4)]
    assert weeks == ["bob", "ada", "cyd", "bob"]
    duty = schedule.on_call(1, at("2026-03-24T00:00:00Z"))
    assert duty is not None
    assert (duty.since, duty.until) == (at("2026-03-23T08:00:00Z"), at("2026-03-30T07:00:00Z"))
    assert duty.why == "swap by cyd"


def test_of_a_shift_that_has_begun_the_rest_is_swapped() -> None:
    schedule = example().swap(1, NOW, at("2026-03-24T00:00:00Z"), by="bob", made=NOW)
    assert (who(schedule, NOW - timedelta(seconds=1)), who(schedule, NOW)) == ("bob", "cyd")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("2026-03-24T00:00:00Z", "2026-03-25T00:00:00Z", "are those of 'cyd'"),
        ("2026-03-01T00:00:00Z", "2026-03-25T00:00:00Z", "a shift that is over cannot be swapped"),
        ("2026-01-01T00:00:00Z", "2026-03-25T00:00:00Z", "nobody is on call as Primary DevOps Engineer at"),
    ],
)
def test_a_swap_without_meaning_is_refused(first: str, second: str, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        example().swap(1, at(first), at(second), by="bob", made=NOW)


def test_who_takes_over_has_it_from_now_until_the_end_of_the_shift() -> None:
    schedule = example().take(1, "eve", by="eve", made=NOW)
    duty = schedule.on_call(1, NOW)
    assert duty is not None
    assert (duty.person.handle, duty.since, duty.until) == ("eve", NOW, at("2026-03-23T08:00:00Z"))
    assert duty.why == "took over"
    assert who(schedule, NOW - timedelta(microseconds=1)) == "bob"
    assert who(schedule, duty.until) == "cyd"


def test_a_manager_may_take_over_for_somebody() -> None:
    duty = example().take(1, "cyd", by="eve", why="bob is ill", made=NOW).on_call(1, NOW)
    assert duty is not None
    assert duty.why == "took over by eve (bob is ill)"


def test_who_takes_over_in_a_gap_has_it_until_somebody_is_on_call() -> None:
    early = at("2026-01-01T12:00:00Z")
    duty = example().take(1, "eve", by="eve", made=early).on_call(1, early)
    assert duty is not None
    assert duty.until == at("2026-01-05T08:00:00Z")
    with pytest.raises(SettingError, match="nobody will be: write an override, which has an end"):
        example((LEVEL_1, LEVEL_1[:-1] + ", ends: 2026-03-02}")).take(1, "eve", by="eve", made=NOW)


def test_nobody_takes_over_from_themselves() -> None:
    with pytest.raises(SettingError, match="'bob' is on call as Primary DevOps Engineer already, until 2026-03-23"):
        example().take(1, "bob", by="bob", made=NOW)


def test_an_exception_is_taken_back_from_now_on() -> None:
    day = timedelta(days=1)
    schedule = example().override(1, "eve", NOW + day, NOW + 3 * day, by="eve", why="", made=NOW)
    assert schedule.cancel(1, made=NOW).overrides == ()
    half = schedule.cancel(1, made=NOW + 2 * day)
    assert (who(half, NOW + day), who(half, NOW + 2 * day)) == ("eve", "bob")
    with pytest.raises(SettingError, match="exception 1 does not exist or is over"):
        schedule.cancel(1, made=NOW + 3 * day)


def test_a_swap_is_taken_back_with_both_halves() -> None:
    schedule = example().swap(1, at("2026-03-24T00:00:00Z"), at("2026-04-01T00:00:00Z"), by="cyd", made=NOW)
    assert schedule.cancel(1, made=NOW) == example()


def test_a_person_who_is_not_in_the_schedule_is_refused() -> None:
    with pytest.raises(SettingError, match=r"'adi' is not in the schedule: expected .*did you mean 'ada'"):
        example().take(1, "adi", by="eve", made=NOW)


def test_how_to_reach_people_is_in_no_repr() -> None:
    shown = repr(example())
    assert "ada" in shown
    assert "ada@example.org" not in shown
    assert "1234567" not in shown


# --------------------------------------------------------------------------------------- schedules put together in code


def test_rotations_of_one_level_at_one_time_are_refused() -> None:
    layer = Layer(members=("ada",), days=7, hand_off=time(9), starts=date(2026, 1, 5), zone="UTC")
    other = Layer(members=("bob",), days=7, hand_off=time(9), starts=date(2026, 2, 2), zone="UTC")
    with pytest.raises(SettingError, match=r"layers 1 and 2 of 'Primary' overlap from 2026-02-02T09:00:00\+00:00"):
        Post(name="Primary", layers=(layer, other))


def test_a_schedule_that_names_strangers_is_refused_with_all_of_them() -> None:
    layer = Layer(members=("ada",), days=7, hand_off=time(9), starts=date(2026, 1, 5), zone="UTC")
    hours = Calendar(zone="UTC", weekdays=frozenset({0}), opens=time(9), closes=time(17))
    stand_in = Override(
        number=1, level=2, who="bob", since=NOW, until=NOW + timedelta(1), by="x", why="", made=NOW, origin=Origin.TAKE
    )
    with pytest.raises(SettingError) as refused:
        Schedule(
            zone="UTC",
            people={},
            levels=(Post(name="Primary", layers=(layer,)),),
            business_hours=hours,
            duties={"press": "cyd"},
            overrides=(stand_in,),
        )
    told = str(refused.value).splitlines()
    assert len(told) == 5
    assert "'press' is no duty: expected one of 'security', 'legal'" in told[0]


def test_the_example_of_the_documentation_is_read() -> None:
    assert Schedule.from_text(EXAMPLE).document()["zone"] == "Europe/Berlin"


def _day(text: str) -> tuple[datetime, datetime]:
    return at(text + "T00:00:00Z"), at(text + "T00:00:00Z") + timedelta(days=1)


def _is_duty(found: Duty | Unfilled) -> bool:
    return isinstance(found, Duty)
