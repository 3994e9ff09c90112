from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import SettingError
from actinf.responder.incident.severity import Severity
from actinf.responder.intake.recheck import (
    ByHand,
    Drop,
    LookAgain,
    OpenNow,
    RecheckSettings,
    ResolveNow,
    closing,
    flaps,
    opening,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.parametrize("severity", [Severity.P0, Severity.P1])
@pytest.mark.parametrize("ended", [False, True])
def test_what_pages_is_never_kept_waiting(severity: Severity, ended: bool) -> None:
    assert isinstance(opening(severity, ended, [NOW], NOW), OpenNow)


def test_the_rest_has_to_last_a_moment() -> None:
    found = opening(Severity.P2, False, [NOW], NOW + SECOND)
    assert found == LookAgain(NOW + 30 * SECOND, "P2 has to last 30 s before it is told")
    assert isinstance(opening(Severity.P2, False, [NOW], NOW + 30 * SECOND), OpenNow)
    assert isinstance(opening(Severity.P3, False, [NOW], NOW + 30 * SECOND), LookAgain)
    assert isinstance(opening(Severity.P3, False, [NOW], NOW + 2 * MINUTE), OpenNow)


def test_what_is_gone_before_it_lasted_is_not_told() -> None:
    assert isinstance(opening(Severity.P2, True, [NOW], NOW + SECOND), Drop)


def test_the_time_counts_from_when_it_began_last() -> None:
    assert isinstance(opening(Severity.P2, False, [NOW - 9 * MINUTE, NOW], NOW + SECOND), LookAgain)


def test_what_comes_and_goes_is_told_although_it_never_lasts() -> None:
    began = [NOW - 20 * MINUTE, NOW - 10 * MINUTE, NOW]
    found = opening(Severity.P3, False, began, NOW + SECOND)
    assert found == OpenNow("it came and went 3 times within 30 min")
    assert isinstance(opening(Severity.P3, False, [NOW - 40 * MINUTE, *began[1:]], NOW + SECOND), LookAgain)


def test_an_alert_that_never_began_is_a_mistake() -> None:
    with pytest.raises(SettingError, match="began is empty"):
        opening(Severity.P2, False, [], NOW)


@given(st.sampled_from(list(Severity)), st.lists(st.integers(0, 7200), min_size=1, max_size=6), st.integers(0, 7200))
def test_to_look_again_comes_later_and_decides(severity: Severity, ago: list[int], after: int) -> None:
    """Otherwise an alert would be looked at for ever, or at once and again."""
    at = NOW + after * SECOND
    began = [NOW - seconds * SECOND for seconds in ago]
    found = opening(severity, False, began, at)
    if isinstance(found, LookAgain):
        assert found.at > at
        assert isinstance(opening(severity, False, began, found.at), OpenNow)


# ------------------------------------------------------------------------------------- resolved by itself


def test_an_incident_is_resolved_when_all_its_alerts_have_been_quiet_for_a_while() -> None:
    found = closing("api_down", 0, NOW, [], NOW + MINUTE)
    assert found == LookAgain(NOW + 5 * MINUTE, "its alerts have to be quiet for 5 min")
    assert closing("api_down", 0, NOW, [], NOW + 5 * MINUTE) == ResolveNow("all its alerts have been quiet for 5 min")


def test_the_more_often_it_came_back_the_longer_it_has_to_be_quiet() -> None:
    looks = []
    for returns in range(6):
        found = closing("api_down", 0, NOW, [NOW - MINUTE] * returns, NOW)
        assert isinstance(found, LookAgain)
        looks.append((found.at - NOW) / MINUTE)
    assert looks == [5, 10, 20, 40, 60, 60]


def test_what_still_fires_or_was_opened_by_hand_stays_open() -> None:
    assert closing("api_down", 1, NOW, [], NOW + timedelta(days=1)) == ByHand("1 of its alerts still fires")
    assert isinstance(closing("api_down", 2, NOW, [], NOW + timedelta(days=1)), ByHand)
    assert isinstance(closing("api_down", 0, None, [], NOW + timedelta(days=1)), ByHand)


@pytest.mark.parametrize("kind", ["security", "data_loss", "data_corruption"])
def test_silence_does_not_end_a_breach_or_mend_lost_data(kind: str) -> None:
    assert isinstance(closing(kind, 0, NOW, [], NOW + timedelta(days=9)), ByHand)


@given(st.lists(st.integers(0, 3600), max_size=30), st.integers(0, 7200))
def test_to_look_again_whether_it_is_over_decides(ago: list[int], after: int) -> None:
    at, began = NOW + after * SECOND, [NOW - seconds * SECOND for seconds in ago]
    found = closing("api_down", 0, NOW, began, at)
    if isinstance(found, LookAgain):
        assert found.at > at
        assert isinstance(closing("api_down", 0, NOW, began, found.at), ResolveNow)


def test_only_what_began_lately_is_counted() -> None:
    assert flaps([NOW - 31 * MINUTE, NOW - 30 * MINUTE, NOW, NOW + MINUTE], NOW) == 2


@pytest.mark.parametrize("changes", [{"flapping_from": 1}, {"hold": 2 * timedelta(hours=1)}, {"hold": -MINUTE}])
def test_settings_out_of_their_range_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=next(iter(changes))):
        RecheckSettings(**changes)
