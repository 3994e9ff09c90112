import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import SettingError
from actinf.responder.incident.severity import (
    Severity,
    SeveritySettings,
    Signals,
    classify,
    degradation,
    signals_of,
    slowdown,
)

P0, P1, P2, P3 = Severity


def labelled(**labels: str) -> Signals:
    return signals_of(labels, {})


@pytest.mark.parametrize(
    ("signals", "severity"),
    [
        # P0: down altogether, data lost or corrupted, a breach.
        (Signals(down=True), P0),
        (Signals(degradation=1.0), P0),
        (Signals(data_loss=True), P0),
        (Signals(kind="data_corruption"), P0),
        (Signals(security=True), P0),
        (Signals(kind="security"), P0),
        # P1: major functionality, half or more of the performance, multiple users.
        (labelled(impact="major"), P1),
        (Signals(degradation=0.5), P1),
        (Signals(degradation=1 - 0.7 / 1.4), P1),
        (Signals(degradation=0.999), P1),
        (Signals(affected_users=10), P1),
        (Signals(affected_users=10**9), P1),
        # P2: minor functionality, less than half, few users.
        (labelled(impact="minor"), P2),
        (Signals(degradation=0.4999), P2),
        (Signals(degradation=0.001), P2),
        (Signals(affected_users=9), P2),
        (Signals(affected_users=2), P2),
        # P3: cosmetic, documentation, a single user.
        (Signals(cosmetic=True), P3),
        (labelled(impact="cosmetic"), P3),
        (labelled(impact="documentation"), P3),
        (Signals(affected_users=1), P3),
        (Signals(affected_users=0), P3),
        # Nothing that speaks for any.
        (Signals(), P2),
        (Signals(degradation=0.0), P2),
        (Signals(kind="api_down"), P2),
    ],
)
def test_each_thing_that_is_known_gives_the_severity_of_the_runbook(signals: Signals, severity: Severity) -> None:
    assert classify(signals).severity == severity


@pytest.mark.parametrize(
    ("word", "severity"),
    [("P0", P0), ("p1", P1), (" P2 ", P2), ("P3", P3), ("critical", P0), ("High", P1), ("warning", P2), ("info", P3)],
)
def test_a_label_names_a_severity_in_the_words_of_several_tools(word: str, severity: Severity) -> None:
    assert classify(labelled(severity=word)).severity == severity


@pytest.mark.parametrize(
    ("signals", "severity"),
    [
        (replace(labelled(severity="P3"), degradation=0.6), P1),
        (replace(labelled(severity="P1"), degradation=0.1), P1),
        (replace(labelled(severity="P0"), affected_users=1), P0),
        (replace(labelled(severity="P1"), cosmetic=True), P1),
        (replace(labelled(severity="P3"), data_loss=True), P0),
        (replace(labelled(severity="P3"), security=True), P0),
        (labelled(severity="P2", incident_type="security"), P0),
        (labelled(severity="P2", data_loss="true"), P0),
    ],
)
def test_the_more_severe_of_the_label_and_of_what_was_measured_holds(signals: Signals, severity: Severity) -> None:
    assert classify(signals).severity == severity


def test_the_reason_that_decided_comes_first_and_the_others_are_there() -> None:
    judgement = classify(Signals(labels={"severity": "P2"}, degradation=0.62, affected_users=1))
    assert judgement.reasons == (
        "P1: performance is down by 62 %; from 50 % on it is high",
        "P2: the label severity of the alert says P2",
        "P3: a single user is affected",
    )


def test_that_nothing_is_known_is_said() -> None:
    assert classify(Signals()).reasons == ("P2: nothing is known yet that says how severe it is",)


def test_a_label_that_is_no_severity_is_told_and_not_used() -> None:
    judgement = classify(Signals(labels={"severity": "P9\n@everyone"}, cosmetic=True))
    assert judgement.severity == P3
    assert judgement.reasons[-1] == r"not used: the label severity says 'P9\n@everyone', which is no severity"


def test_just_below_half_is_not_shown_as_half() -> None:
    assert classify(Signals(degradation=0.4999)).reasons == (
        "P2: performance is down by 49 %; below 50 % it is medium",
    )


def test_how_many_users_are_few_is_a_setting() -> None:
    settings = SeveritySettings(few_users=3, multiple_users=100)
    found = [classify(Signals(affected_users=users), settings).severity for users in (2, 3, 99, 100)]
    assert found == [P3, P2, P2, P1]
    with pytest.raises(SettingError, match="multiple_users 4"):
        SeveritySettings(few_users=5, multiple_users=4)


def test_the_limits_are_those_of_the_runbook() -> None:
    hours = timedelta(hours=1)
    assert {severity: (severity.limits.response, severity.limits.resolution) for severity in Severity} == {
        P0: (hours / 4, 2 * hours),
        P1: (hours, 8 * hours),
        P2: (4 * hours, 24 * hours),
        P3: (24 * hours, timedelta(days=7)),
    }


@pytest.mark.parametrize("wrong", [math.nan, -0.1, 1.1, math.inf])
def test_a_degradation_that_is_no_share_is_refused(wrong: float) -> None:
    with pytest.raises(SettingError, match="degradation is"):
        Signals(degradation=wrong)


# ------------------------------------------------------------------------------------- what a degradation is


@pytest.mark.parametrize(
    ("measured", "baseline", "lost"),
    [
        (100.0, 100.0, 0.0),
        (50.0, 100.0, 0.5),
        (0.0, 100.0, 1.0),
        (150.0, 100.0, 0.0),
        (1.0, 5e-324, 0.0),
        (10.0, 0.0, None),
        (10.0, -1.0, None),
        (-1.0, 10.0, None),
        (math.nan, 10.0, None),
        (10.0, math.nan, None),
        (math.inf, 10.0, None),
        (10.0, math.inf, None),
    ],
)
def test_a_degradation_is_one_minus_measured_by_baseline(measured: float, baseline: float, lost: float | None) -> None:
    assert degradation(measured, baseline) == lost


@pytest.mark.parametrize(
    ("measured", "baseline", "lost"),
    [(0.2, 0.1, 0.5), (0.1, 0.1, 0.0), (0.05, 0.1, 0.0), (0.0, 0.1, 0.0), (1.0, 0.0, None), (math.nan, 0.1, None)],
)
def test_what_takes_twice_as_long_has_lost_half(measured: float, baseline: float, lost: float | None) -> None:
    assert slowdown(measured, baseline) == lost


@given(st.floats(), st.floats())
def test_whatever_is_measured_a_degradation_is_a_share_or_not_known(measured: float, baseline: float) -> None:
    for lost in (degradation(measured, baseline), slowdown(measured, baseline)):
        assert lost is None or 0 <= lost <= 1


# ------------------------------------------------------------------------------------- worse is never milder

SEVERITY_LABELS = (None, "P3", "P2", "P1", "P0")
IMPACTS = ("minor", "major")


@st.composite
def all_signals(draw: st.DrawFn) -> Signals:
    labels = {}
    for name, values in (("severity", SEVERITY_LABELS), ("impact", (None, "cosmetic", *IMPACTS))):
        if (value := draw(st.sampled_from(values))) is not None:
            labels[name] = value
    return Signals(
        labels=labels,
        degradation=draw(st.none() | st.floats(0, 1)),
        affected_users=draw(st.none() | st.integers(0, 100)),
        kind=draw(st.sampled_from(["", "api_down", "security", "data_loss"])),
        **{name: draw(st.booleans()) for name in ("data_loss", "security", "down", "cosmetic")},
    )


@st.composite
def worse_than(draw: st.DrawFn, signals: Signals) -> Signals:
    """Signals that say in one respect or several that it is worse, of what was known before."""
    labels = dict(signals.labels)
    if "severity" in labels:
        labels["severity"] = draw(st.sampled_from(SEVERITY_LABELS[SEVERITY_LABELS.index(labels["severity"]) :]))
    if labels.get("impact") in IMPACTS:
        labels["impact"] = draw(st.sampled_from(IMPACTS[IMPACTS.index(labels["impact"]) :]))
    changed: dict[str, object] = {"labels": labels}
    if signals.degradation is not None:
        changed["degradation"] = draw(st.floats(signals.degradation, 1))
    if signals.affected_users is not None:
        changed["affected_users"] = draw(st.integers(signals.affected_users, 200))
    for name in ("data_loss", "security", "down"):
        changed[name] = getattr(signals, name) or draw(st.booleans())
    return replace(signals, **changed)


@given(st.data())
def test_worse_signals_never_give_a_milder_severity(data: st.DataObject) -> None:
    signals = data.draw(all_signals())
    worse = data.draw(worse_than(signals))
    assert classify(worse).severity <= classify(signals).severity


@given(all_signals())
def test_lost_data_and_a_breach_are_always_critical(signals: Signals) -> None:
    assert classify(replace(signals, data_loss=True)).severity == P0
    assert classify(replace(signals, security=True)).severity == P0


@given(all_signals())
def test_the_first_reason_is_one_of_the_severity(signals: Signals) -> None:
    judgement = classify(signals)
    assert judgement.reasons[0].startswith(f"{judgement.severity}: ")


@given(st.dictionaries(st.text(max_size=5), st.text()), st.sampled_from(["degradation", "affected_users"]), st.text())
def test_whatever_an_alert_says_it_is_classified(labels: dict[str, str], name: str, text: str) -> None:
    assert classify(signals_of(labels | {name: text}, {name: text})).severity in Severity


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("degradation", "0.62", 0.62),
        ("degradation", "62 %", 0.62),
        ("degradation", "nan", None),
        ("degradation", "much", None),
        ("degradation", "-5%", None),
        ("affected_users", "12", 12),
        ("affected_users", "1.2e+01", 12),
        ("affected_users", "inf", None),
        ("affected_users", "-3", None),
        ("affected_users", "", None),
    ],
)
def test_numbers_of_an_alert_are_read_as_people_and_queries_write_them(name: str, text: str, found: object) -> None:
    assert getattr(signals_of({}, {name: text}), name) == found
