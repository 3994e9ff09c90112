"""Opening hours, above all on the two nights on which clocks change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import SettingError
from actinf.responder.oncall.calendar import Calendar

WORKING_DAYS = frozenset(range(5))
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def office(zone: str = BERLIN, **changes: object) -> Calendar:
    fields = {"zone": zone, "weekdays": WORKING_DAYS, "opens": time(9), "closes": time(17), "holidays": frozenset()}
    return Calendar(**{**fields, **changes})


def all_day(zone: str = BERLIN) -> Calendar:
    return office(zone, weekdays=frozenset(range(7)), opens=time(0), closes=time(0))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T07:59:59.999999Z", False),
        ("2026-11-23T08:00:00Z", True),
        ("2026-11-23T15:59:59.999999Z", True),
        ("2026-11-23T16:00:00Z", False),
        ("2026-11-22T10:00:00Z", False),
        ("2026-07-06T07:00:00Z", True),
        ("2026-07-06T15:00:00Z", False),
    ],
)
def test_it_is_open_from_opening_until_just_before_closing_by_local_time(moment: str, is_open: bool) -> None:
    assert office().is_open(at(moment)) is is_open


def test_on_a_holiday_it_is_closed_and_opens_the_day_after() -> None:
    calendar = office(holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
    assert not calendar.is_open(at("2026-12-25T10:00:00Z"))
    assert calendar.next_opening(at("2026-12-24T20:00:00Z")) == at("2026-12-29T08:00:00Z")


def test_the_next_opening_is_now_where_it_is_open() -> None:
    assert office().next_opening(at("2026-11-23T12:00:00+01:00")) == at("2026-11-23T11:00:00Z")


def test_on_friday_evening_it_opens_on_monday_also_over_a_change_of_clocks() -> None:
    assert office().next_opening(at("2026-03-27T20:00:00Z")) == at("2026-03-30T07:00:00Z")
    assert office().next_opening(at("2026-10-23T20:00:00Z")) == at("2026-10-26T08:00:00Z")
    assert office(NEW_YORK).next_opening(at("2026-03-06T23:00:00Z")) == at("2026-03-09T13:00:00Z")
    assert office(NEW_YORK).next_opening(at("2026-10-30T23:00:00Z")) == at("2026-11-02T14:00:00Z")


@pytest.mark.parametrize(
    ("zone", "night", "hours"),
    [
        (BERLIN, "2026-03-29", 23),
        (BERLIN, "2026-10-25", 25),
        (NEW_YORK, "2026-03-08", 23),
        (NEW_YORK, "2026-11-01", 25),
    ],
)
def test_a_day_until_24_00_has_all_hours_of_the_night_on_which_clocks_change(zone: str, night: str, hours: int) -> None:
    day = date.fromisoformat(night)
    calendar = office(zone, weekdays=frozenset({day.weekday()}), opens=time(0), closes=time(0))
    noon = datetime.combine(day, time(12), UTC)
    stretch = calendar.open_stretch(noon, noon - timedelta(days=7), noon + timedelta(days=7))
    assert stretch is not None
    assert stretch[1] - stretch[0] == timedelta(hours=hours)
    minutes = [stretch[0] + timedelta(minutes=number) for number in range(-90, hours * 60 + 90)]
    assert sum(calendar.is_open(minute) for minute in minutes) == hours * 60


def test_a_time_that_occurs_twice_opens_once_and_closes_once() -> None:
    calendar = office(weekdays=frozenset({6}), opens=time(2, 30), closes=time(3))
    assert calendar.next_opening(at("2026-10-24T12:00:00Z")) == at("2026-10-25T00:30:00Z")
    assert calendar.is_open(at("2026-10-25T01:15:00Z"))  # 02:15 for the second time, opened at 02:30 for the first
    assert not calendar.is_open(at("2026-10-25T02:00:00Z"))
    assert not calendar.is_open(at("2026-10-25T00:15:00Z"))


def test_a_time_that_does_not_occur_is_as_late_on_the_new_clock() -> None:
    calendar = office(weekdays=frozenset({6}), opens=time(2, 30), closes=time(5))
    assert calendar.next_opening(at("2026-03-28T12:00:00Z")) == at("2026-03-29T01:30:00Z")
    assert calendar.next_opening(at("2026-03-29T02:00:00Z")) == at("2026-03-29T02:00:00Z")
    assert calendar.next_opening(at("2026-03-29T03:00:00Z")) == at("2026-04-05T00:30:00Z")


def test_a_day_whose_hours_do_not_occur_is_passed_over() -> None:
    calendar = office(weekdays=frozenset({6}), opens=time(2, 15), closes=time(3))
    assert calendar.next_opening(at("2026-03-28T12:00:00Z")) == at("2026-04-05T00:15:00Z")


def test_clocks_put_back_over_midnight_leave_no_hole() -> None:
    """St John's put clocks back at 00:01: the night has two times 23:30, the second after midnight had come."""
    calendar = all_day("America/St_Johns")
    start = at("2010-11-06T20:00:00Z")
    assert all(calendar.is_open(start + timedelta(minutes=number)) for number in range(0, 1440, 5))


def test_the_twenty_ninth_of_february_is_a_day() -> None:
    calendar = office(holidays=frozenset({date(2028, 2, 29)}))
    assert calendar.next_opening(at("2028-02-28T20:00:00Z")) == at("2028-03-01T08:00:00Z")
    assert office().is_open(at("2028-02-29T12:00:00Z"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"zone": "Europe/Berlim"}, "did you mean 'Europe/Berlin'"),
        ({"zone": "../etc/passwd"}, "expected the name of a time zone"),
        ({"zone": "Europe"}, "expected the name of a time zone"),
        ({"weekdays": frozenset()}, "expected one or more of 0 (Monday) to 6 (Sunday)"),
        ({"weekdays": frozenset({7})}, "weekdays is [7]"),
        ({"closes": time(9)}, "expected to close later on the same day"),
        ({"opens": time(22), "closes": time(6)}, "are two calendars"),
        ({"opens": time(9, tzinfo=UTC)}, "opens is 09:00:00+00:00: expected a local time"),
    ],
)
def test_hours_without_meaning_are_refused(changes: dict[str, object], told: str) -> None:
    with pytest.raises(SettingError) as refused:
        office(**changes)
    assert told in str(refused.value)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(SettingError, match="has no time zone"):
        office().is_open(datetime(2026, 1, 1))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    opens = draw(st.integers(0, 23 * 4))
    closes = draw(st.integers(opens + 1, 24 * 4))
    return Calendar(
        zone=draw(st.sampled_from([BERLIN, NEW_YORK, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu"])),
        weekdays=frozenset(draw(st.sets(st.integers(0, 6), min_size=1))),
        opens=time(opens // 4, opens % 4 * 15),
        closes=time(closes // 4 % 24, closes % 4 * 15),
        holidays=frozenset(draw(st.sets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=5))),
    )


@given(calendars(), st.datetimes(datetime(2026, 3, 1), datetime(2026, 4, 20), timezones=st.just(UTC)))
def test_openings_and_closings_agree_with_a_walk_by_quarters_of_an_hour(calendar: Calendar, moment: datetime) -> None:
    moment = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    quarters = [moment + timedelta(minutes=15 * number) for number in range(15 * 24 * 4)]
    walked = next((quarter for quarter in quarters if calendar.is_open(quarter)), None)
    if walked is not None:
        assert calendar.next_opening(moment) == walked
    else:
        assert calendar.next_opening(moment) > quarters[-1]
    stretch = calendar.open_stretch(moment, moment - timedelta(days=4), moment + timedelta(days=4))
    assert (stretch is not None) == calendar.is_open(moment)
    if stretch is not None:
        since, until = stretch
        inside = [
            since + timedelta(minutes=15 * number) for number in range(int((until - since).total_seconds() // 900))
        ]
        assert all(map(calendar.is_open, inside))
        assert until == moment + timedelta(days=4) or not calendar.is_open(until)
        assert calendar.last_open(until) == until
