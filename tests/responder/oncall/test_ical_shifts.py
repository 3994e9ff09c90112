"""Shifts out of calendars, as programs write them, and as somebody hostile would."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import SettingError
from actinf.responder.oncall import ical_shifts
from actinf.responder.oncall.ical_shifts import MOST_BYTES, Shift, read_calendar

NOW = datetime(2026, 10, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=60)

PAGERDUTY = """\
X-WR-CALNAME:On Call Schedule for On-Call Team
BEGIN:VEVENT
UID:week-1@pagerduty.com
SUMMARY:On Call - Jane Doe - On-Call
  Team
ATTENDEE:jane@example.com
DTSTART:20261031T150000Z
DTEND:20261107T150000Z
END:VEVENT
"""

GOOGLE = """\
X-WR-CALNAME:Platform on-call
X-WR-TIMEZONE:Europe/Berlin
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20261012T090000
DTEND;TZID=Europe/Berlin:20261019T090000
RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20261123T075959Z
EXDATE;TZID=Europe/Berlin:20261109T090000
UID:abc@google.com
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Ada Love
 lace;X-NUM-GUESTS=0:mailto:ada@example.org
SUMMARY:On call
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20261026T120000
DTEND;TZID=Europe/Berlin:20261102T090000
UID:abc@google.com
RECURRENCE-ID;TZID=Europe/Berlin:20261026T090000
SUMMARY:On call\\, starts late
END:VEVENT
"""

OUTLOOK = """\
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E008
SUMMARY:Rufbereitschaft: Ben Jones
DTSTART;TZID=W. Europe Standard Time:20261019T090000
DTEND;TZID=W. Europe Standard Time:20261026T090000
END:VEVENT
"""


def calendar(*lines: str) -> bytes:
    text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" + "".join(lines) + "END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def event(*lines: str) -> str:
    return "BEGIN:VEVENT\nUID:1\nSUMMARY:Ada\n" + "\n".join(lines) + "\nEND:VEVENT\n"


def shifts(content: bytes, zone: str = "UTC") -> tuple[Shift, ...]:
    return read_calendar(content, "a.ics", zone=zone, since=NOW, until=LATER).shifts


def times(content: bytes, zone: str = "UTC") -> list[tuple[str, str]]:
    return [(f"{one.since:%m-%d %H:%M}", f"{one.until:%m-%d %H:%M}") for one in shifts(content, zone)]


def test_pagerduty_names_people_by_their_address_and_folds_lines() -> None:
    read = read_calendar(calendar(PAGERDUTY), "a.ics", zone="UTC", since=NOW, until=LATER)
    assert read.name == "On Call Schedule for On-Call Team"
    (shift,) = read.shifts
    assert (shift.summary, shift.named, shift.line) == (
        "On Call - Jane Doe - On-Call Team",
        ("jane@example.com",),
        5,
    )
    assert times(calendar(PAGERDUTY)) == [("10-31 15:00", "11-07 15:00")]


def test_what_recurs_in_google_keeps_its_hour_leaves_days_out_and_may_be_moved_once() -> None:
    assert times(calendar(GOOGLE)) == [("10-12 07:00", "10-19 07:00"), ("10-26 11:00", "11-02 08:00")]
    assert shifts(calendar(GOOGLE))[0].named == ("ada@example.org", "Ada Lovelace")


def test_outlook_calls_zones_as_windows_does() -> None:
    assert times(calendar(OUTLOOK)) == [("10-19 07:00", "10-26 08:00")], "an hour longer, since clocks go back"
    without = OUTLOOK[OUTLOOK.index("BEGIN:VEVENT") :]
    assert times(calendar(without)) == times(calendar(OUTLOOK))


def test_whole_days_and_times_without_a_zone_are_of_the_calendar_else_of_the_schedule() -> None:
    days = event("DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261026")
    assert times(calendar(days), "Europe/Berlin") == [("10-23 22:00", "10-25 23:00")]
    floating = event("DTSTART:20261026T090000", "DURATION:P1D")
    assert times(calendar(floating), "Europe/Berlin") == [("10-26 08:00", "10-27 08:00")]
    assert times(calendar("X-WR-TIMEZONE:America/New_York\n", floating), "Europe/Berlin") == [
        ("10-26 13:00", "10-27 13:00")
    ]
    assert times(calendar(event("DTSTART;VALUE=DATE:20261024"))) == [("10-24 00:00", "10-25 00:00")]


def test_what_was_called_off_is_past_or_far_away_is_no_shift() -> None:
    ends = "DTEND:20261027T090000Z"
    assert times(calendar(event("DTSTART:20261026T090000Z", ends, "STATUS:CANCELLED"))) == []
    assert times(calendar(event("DTSTART:20261001T090000Z", "DTEND:20261012T000000Z"))) == []
    assert times(calendar(event("DTSTART:20270101T090000Z", "DTEND:20270102T090000Z"))) == []
    running = event("DTSTART:20261001T090000Z", "DTEND:20261012T000001Z")
    assert times(calendar(running)) == [("10-01 09:00", "10-12 00:00")]


def test_a_series_ends_by_its_count_and_what_was_moved_out_of_it_is_not_there_twice() -> None:
    series = event(
        "DTSTART:20261012T090000Z", "DTEND:20261012T170000Z", "RRULE:FREQ=DAILY;COUNT=3;BYDAY=MO,TU,WE,TH,FR"
    )
    away = event("DTSTART:20261015T090000Z", "DTEND:20261015T170000Z", "RECURRENCE-ID:20261013T090000Z")
    assert times(calendar(series, away)) == [
        ("10-12 09:00", "10-12 17:00"),
        ("10-14 09:00", "10-14 17:00"),
        ("10-15 09:00", "10-15 17:00"),
    ]


def test_a_series_without_an_end_ends_with_what_is_looked_at() -> None:
    series = event("DTSTART:20200106T090000Z", "DTEND:20200113T090000Z", "RRULE:FREQ=WEEKLY")
    found = shifts(calendar(series))
    assert (found[0].since, found[-1].since) == (
        datetime(2026, 10, 5, 9, tzinfo=UTC),
        datetime(2026, 12, 7, 9, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("DTEND:20261027T090000Z",), "DTSTART is missing"),
        (("DTSTART:20261026T090000Z",), "ends when it begins"),
        (("DTSTART:20261026T090000Z", "DTEND:20261026T080000Z"), "ends when it begins, or before"),
        (("DTSTART;TZID=Nowhere/At all:20261026T090000", "DURATION:PT1H"), "zone 'Nowhere/At all', which is none"),
        (("DTSTART:20261026T090000Z", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"), "expected FREQ=DAILY"),
        (("DTSTART:20261026T090000Z", "DURATION:PT1H", "RRULE:FREQ=MINUTELY"), "expected FREQ=DAILY"),
        (
            ("DTSTART:20261026T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
            "no more than BYDAY",
        ),
        (("DTSTART:20261026T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYSETPOS=5"), "no more than BYDAY"),
        # Without an end to it: every 0 days is for ever the same Monday, and never a Sunday.
        (("DTSTART:20261026T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;INTERVAL=0;BYDAY=SU"), "INTERVAL of 1 to"),
        (("DTSTART:20261026T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;INTERVAL=0;BYMONTH=1"), "INTERVAL of 1 to"),
        (("DTSTART:19700101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"), "more than 20,000 times"),
        (
            ("DTSTART:20261026T090000Z", "DURATION:PT1H", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261026T090000Z"),
            "THISANDFUTURE is not read",
        ),
        (("DTSTART:00010101T000000Z", "DURATION:PT1H"), "out of range"),
    ],
)
def test_an_event_that_makes_no_sense_is_told_with_its_line(lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(SettingError, match=told) as refused:
        shifts(calendar(event("DTSTART:20261026T090000Z", "DURATION:PT1H"), event(*lines)))
    assert str(refused.value).startswith("a.ics:10: 'Ada': ")


def test_rules_that_take_long_are_not_gone_through_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that never comes true is followed until the year 9999, and a file may have many."""
    monkeypatch.setattr(ical_shifts, "MOST_SECONDS", 0.001)
    never = event("DTSTART:20261026T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    with pytest.raises(SettingError, match="export fewer events that recur"):
        shifts(calendar(never, never))


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SettingError) as refused:
        shifts(calendar(*[event("DTEND:20261027T090000Z")] * 60))
    assert len(str(refused.value).splitlines()) == 51


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"BEGIN:VCALENDAR", b"hello", b"BEGIN:VEVENT\nEND:VEVENT\n", b"END:VCALENDAR"]
)
def test_what_is_no_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(SettingError, match="no calendar"):
        shifts(content)


def test_what_is_too_much_is_refused() -> None:
    with pytest.raises(SettingError, match="2,097,153 bytes"):
        shifts(b"x" * (MOST_BYTES + 1))
    hourly = event(
        "DTSTART:20261012T000000Z", "DURATION:PT1H", f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}"
    )
    with pytest.raises(SettingError, match="more than 2,000 shifts"):
        shifts(calendar(hourly * 2))


@given(st.lists(st.sampled_from(GOOGLE.splitlines() + OUTLOOK.splitlines() + ["RRULE:", "DTSTART:x", "EXDATE:1"])))
def test_whatever_the_lines_are_it_is_read_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(SettingError):
        shifts(calendar("\n".join(lines) + "\n"))
