from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import SettingError
from actinf.responder.intake.silence import Comparison, Maintenance, Matcher, Once, Silence, Weekly, quieted

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
API = {"alertname": "ApiErrors", "component": "api", "severity": "P1"}


def a_silence(*matchers: str, starts_at: datetime = NOW, ends_at: datetime = NOW + HOUR) -> Silence:
    read = tuple(Matcher.read(text) for text in matchers)
    return Silence(id="s1", matchers=read, starts_at=starts_at, ends_at=ends_at, by="ada", reason="known")


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("component=api", True),
        ('component="api"', True),
        ("component=ap", False),
        ("component != api", False),
        ("component!=nginx", True),
        ('severity=~"P1|P2"', True),
        ('severity=~"P"', False),
        ("severity!~P.", False),
        ("severity!~P[23]", True),
        ("pod=", True),
        ("pod!=", False),
        ("pod=~.+", False),
        ("pod!~.+", True),
    ],
)
def test_a_matcher_compares_one_label_as_prometheus_does(text: str, matches: bool) -> None:
    assert Matcher.read(text).matches(API) == matches


@given(
    st.from_regex(r"[a-z_]+", fullmatch=True),
    st.sampled_from(list(Comparison)),
    st.sampled_from(["", "a", "a|b", '"', " x"]),
)
def test_a_matcher_that_is_written_reads_as_what_it_was(name: str, comparison: Comparison, value: str) -> None:
    matcher = Matcher(name=name, comparison=comparison, value=value)
    assert Matcher.read(str(matcher)) == matcher


@pytest.mark.parametrize("text", ["", "api", "=api", "a b=c", "component=~(", "component=" + "x" * 1001])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(SettingError):
        Matcher.read(text)


def test_a_silence_holds_for_what_meets_all_its_matchers_while_it_lasts() -> None:
    silence = a_silence("component=api", "severity=~P[12]")
    assert silence.silences(API, NOW)
    assert silence.silences(API, NOW + HOUR - timedelta(seconds=1))
    assert not silence.silences(API, NOW + HOUR)
    assert not silence.silences(API, NOW - timedelta(seconds=1))
    assert not silence.silences(API | {"severity": "P3"}, NOW)


def test_a_silence_of_everything_is_refused() -> None:
    for matchers in ((), ("component=~.*",), ("component!=api", "pod=")):
        with pytest.raises(SettingError, match="would quiet every alert"):
            a_silence(*matchers)
        with pytest.raises(SettingError, match="would quiet every alert"):
            Maintenance(
                name="m",
                matchers=tuple(Matcher.read(text) for text in matchers),
                period=Once(starts_at=NOW, ends_at=NOW + HOUR),
                by="ada",
            )


def test_a_silence_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(SettingError, match="expected an end after the start"):
        a_silence("component=api", ends_at=NOW)
    with pytest.raises(SettingError, match="expected times with their zones"):
        a_silence("component=api", ends_at=datetime(2027, 1, 1))


def test_what_quiets_an_alert_for_longest_is_told() -> None:
    silences = [a_silence("component=api"), a_silence("component=nginx", ends_at=NOW + 9 * HOUR)]
    work = Maintenance(
        name="new disks",
        matchers=(Matcher.read("component=api"),),
        period=Once(starts_at=NOW - HOUR, ends_at=NOW + 2 * HOUR),
        by="bob",
    )
    quiet = quieted(API, NOW, silences, [work])
    assert quiet is not None
    assert (quiet.why, quiet.until) == ("maintenance, announced by bob: new disks", NOW + 2 * HOUR)
    silent = quieted(API, NOW, silences)
    assert silent is not None
    assert (silent.why, silent.until) == ("silenced by ada: known", NOW + HOUR)
    assert quieted(API, NOW + 3 * HOUR, silences, [work]) is None


# ------------------------------------------------------------------------------------- every week


def weekly(*weekdays: int, opens: time = time(2), lasts: timedelta = 2 * HOUR, zone: str = "Europe/Berlin") -> Weekly:
    return Weekly(weekdays=frozenset(weekdays), opens=opens, lasts=lasts, zone=zone)


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold).astimezone(UTC)


def test_a_weekly_window_is_one_of_the_clock_on_the_wall() -> None:
    window = weekly(0, 3)
    for day, running in ((23, True), (24, False), (26, True), (29, False)):
        assert (window.running(local(2026, 11, day, 3)) is not None) == running
    # In summer the same hour there is another one elsewhere.
    assert window.running(datetime(2026, 11, 23, 1, tzinfo=UTC)) is not None
    assert window.running(datetime(2026, 7, 6, 0, tzinfo=UTC)) is not None
    assert window.running(datetime(2026, 7, 6, 2, tzinfo=UTC)) is None


def test_a_weekly_window_goes_past_midnight_and_past_the_end_of_the_week() -> None:
    window = weekly(6, opens=time(23))
    assert window.running(local(2026, 11, 23, 0, 30)) == (local(2026, 11, 22, 23), local(2026, 11, 23, 1))
    assert window.running(local(2026, 11, 23, 1)) is None


def test_a_window_may_last_the_whole_week() -> None:
    assert weekly(0, lasts=timedelta(weeks=1)).running(NOW) is not None
    assert weekly(0, opens=time(11, 1), lasts=timedelta(weeks=1)).running(NOW) == (
        local(2026, 11, 16, 11, 1),
        local(2026, 11, 23, 11, 1),
    )


def test_in_the_night_that_lacks_an_hour_a_window_opens_that_much_later_and_lasts_as_long() -> None:
    window = weekly(6, opens=time(2, 30))
    starts_at = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 there: 02:30 does not exist
    assert window.running(starts_at) == (starts_at, starts_at + 2 * HOUR)
    assert window.running(starts_at - timedelta(seconds=1)) is None


def test_in_the_night_that_has_an_hour_twice_a_window_opens_with_the_first_and_lasts_as_long() -> None:
    window = weekly(6, opens=time(2, 30))
    starts_at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first 02:30 there
    assert window.running(starts_at) == (starts_at, starts_at + 2 * HOUR)
    assert window.running(local(2026, 10, 25, 2, 30, fold=1)) == (starts_at, starts_at + 2 * HOUR)
    assert window.running(starts_at + 2 * HOUR) is None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.times(),
    st.integers(1, 7 * 24),
    st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe"]),
)
def test_a_moment_is_within_a_window_as_a_search_through_all_days_finds_it(
    at: datetime, weekdays: frozenset[int], opens: time, hours: int, zone: str
) -> None:
    moment, lasts = at.replace(tzinfo=UTC), timedelta(hours=hours)
    found = weekly(*weekdays, opens=opens, lasts=lasts, zone=zone).running(moment)
    days = (at.date() + timedelta(days=away) for away in range(-10, 3))
    starts = [datetime.combine(day, opens, ZoneInfo(zone)).astimezone(UTC) for day in days if day.weekday() in weekdays]
    within = [start for start in starts if start <= moment < start + lasts]
    assert found == ((within[-1], within[-1] + lasts) if within else None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weekdays": frozenset()}, "weekdays is"),
        ({"weekdays": frozenset({7})}, "weekdays is"),
        ({"zone": "Mars/Base"}, "zone is 'Mars/Base'"),
        ({"zone": "../etc/passwd"}, "zone is"),
        ({"zone": ""}, "zone is"),
        ({"lasts": timedelta(0)}, "lasts is"),
        ({"lasts": timedelta(days=8)}, "lasts is"),
        ({"opens": time(2, tzinfo=UTC)}, "opens is"),
    ],
)
def test_a_week_that_there_is_not_is_refused(changes: dict[str, object], message: str) -> None:
    settings = {"weekdays": frozenset({0}), "opens": time(2), "lasts": HOUR, "zone": "UTC"} | changes
    with pytest.raises(SettingError, match=message):
        Weekly(**settings)
