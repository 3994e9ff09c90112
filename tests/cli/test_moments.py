"""Times as people type them."""

from datetime import UTC, datetime, timedelta

import pytest

from actinf.cli.moments import ahead, length, past, shown, words
from actinf.errors import SettingError

NOW = datetime(2026, 11, 23, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", NOW),
        ("10m ago", NOW - timedelta(minutes=10)),
        ("1h 30m ago", NOW - timedelta(minutes=90)),
        ("00:05", datetime(2026, 11, 23, 0, 5, tzinfo=UTC)),
        ("23:55", datetime(2026, 11, 22, 23, 55, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20 14:05", datetime(2026, 11, 20, 14, 5, tzinfo=UTC)),
        ("2026-11-20T14:05+02:00", datetime(2026, 11, 20, 12, 5, tzinfo=UTC)),
        ("2026-11-20 14:05 UTC", datetime(2026, 11, 20, 14, 5, tzinfo=UTC)),
    ],
)
def test_a_time_that_has_been(text: str, at: datetime) -> None:
    assert past(text, NOW) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("in 2d", NOW + timedelta(days=2)),
        ("2w", NOW + timedelta(weeks=2)),
        ("00:05", datetime(2026, 11, 24, 0, 5, tzinfo=UTC)),
        ("00:15", datetime(2026, 11, 23, 0, 15, tzinfo=UTC)),
        ("2026-11-30", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_a_time_to_come(text: str, at: datetime) -> None:
    assert ahead(text, NOW) == at


def test_a_time_of_day_is_meant_in_the_zone_that_is_given() -> None:
    assert past("01:05", NOW, "Europe/Berlin") == NOW - timedelta(minutes=5)
    assert ahead("2026-11-30T09:00", NOW, "Europe/Berlin") == datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "10m", "soon", "25:00", "2026-13-01", "10 parsecs ago", "-5m ago"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="is no time that has been"):
        past(text, NOW)


def test_lengths_of_time() -> None:
    assert length("90d") == timedelta(days=90)
    assert length("1h30m") == timedelta(minutes=90)
    assert length("often") is None
    assert [words(timedelta(seconds=seconds)) for seconds in (5, 720, -3600, 25200 + 300, 200_000)] == [
        *("5 s", "12 min", "1 h", "7 h 05 min", "2 d 7 h"),
    ]


def test_the_date_is_shown_where_it_is_another() -> None:
    assert shown(NOW, NOW) == "00:10 UTC"
    assert shown(NOW - timedelta(minutes=20), NOW) == "2026-11-22 23:50 UTC"
