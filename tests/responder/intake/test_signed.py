import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.documentation import ROOT

from actinf.errors import SettingError, WebhookRefused, WebhookUnauthenticated
from actinf.responder.incident.severity import Severity, SeveritySettings, classify, signals_of
from actinf.responder.intake.alertmanager import MOST_ALERTS
from actinf.responder.intake.authentic import check_sentry, check_signed, check_token, sign
from actinf.responder.intake.changes import Change, ChangeKind, recent
from actinf.responder.intake.grouping import GroupingSettings
from actinf.responder.intake.recheck import RecheckSettings
from actinf.responder.intake.signed import MOST_ENTRIES, SignedMessage, read_signed
from actinf.responder.intake.untrusted import LONGEST_TEXT, MOST_BYTES

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
OLD, NEW, OTHER = "an old secret, 24 letters", "a new secret, 24 letters", "someone else's, 24 letters"
BODY = b'{"version": 1}'


def checked(headers: dict[str, str], at: datetime = NOW, body: bytes = BODY) -> str:
    return check_signed(body, headers.get("X-Actinf-Timestamp"), headers.get("X-Actinf-Signature"), [OLD, NEW], at)


def refused(headers: dict[str, str], at: datetime = NOW, body: bytes = BODY) -> str:
    with pytest.raises(WebhookUnauthenticated) as error:
        checked(headers, at, body)
    assert error.value.status == 401
    return error.value.why


# ------------------------------------------------------------------------------------- who may send


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_a_message_that_was_signed_with_a_valid_secret_is_known(secret: str) -> None:
    headers = sign(BODY, NOW, secret)
    assert headers["X-Actinf-Signature"] == f"v1={checked(headers)}"


def test_one_of_several_signatures_is_enough_while_a_secret_is_replaced() -> None:
    both = [sign(BODY, NOW, secret)["X-Actinf-Signature"] for secret in (OTHER, NEW)]
    assert checked(sign(BODY, NOW, NEW) | {"X-Actinf-Signature": ", ".join(both)})


def test_what_is_not_signed_is_told_apart_from_what_is_signed_wrongly() -> None:
    headers = sign(BODY, NOW, NEW)
    assert refused({}) == "missing"
    assert refused({"X-Actinf-Timestamp": headers["X-Actinf-Timestamp"]}) == "missing"
    assert refused(sign(BODY, NOW, OTHER)) == "wrong"
    assert refused(headers, body=BODY + b" ") == "wrong"
    assert refused(headers | {"X-Actinf-Timestamp": "1"}) == "wrong"
    assert refused(headers | {"X-Actinf-Timestamp": "soon"}) == "wrong"
    assert refused(headers | {"X-Actinf-Signature": "v1=ä"}) == "wrong"
    assert refused(headers | {"X-Actinf-Signature": headers["X-Actinf-Signature"].removeprefix("v1=")}) == "wrong"


@pytest.mark.parametrize(("minutes", "is_taken"), [(-5.1, False), (-5, True), (5, True), (5.1, False)])
def test_a_message_is_taken_within_five_minutes(minutes: float, is_taken: bool) -> None:
    headers = sign(BODY, NOW, NEW)
    at = NOW + timedelta(minutes=minutes)
    if is_taken:
        assert checked(headers, at)
    else:
        assert refused(headers, at) == "stale"


def test_the_same_message_gives_the_same_signature_so_that_it_can_be_taken_once() -> None:
    headers = sign(BODY, NOW, NEW)
    assert checked(headers) == checked(headers, NOW + timedelta(seconds=9))
    assert checked(headers) != checked(sign(BODY, NOW + timedelta(seconds=1), NEW))


@given(st.text(), st.text(), st.binary(max_size=20))
def test_whatever_is_sent_without_a_secret_is_not_taken(timestamp: str, signature: str, body: bytes) -> None:
    with pytest.raises(WebhookUnauthenticated) as error:
        check_signed(body, timestamp, signature, [NEW], NOW)
    assert NEW not in str(error.value)
    with pytest.raises(WebhookUnauthenticated):
        check_sentry(body, signature, [NEW])
    with pytest.raises(WebhookUnauthenticated):
        check_token(f"Bearer {signature}", [NEW])


def test_the_signature_of_sentry_is_that_of_the_body() -> None:
    # openssl dgst -sha256 -hmac "a new secret, 24 letters", of {"version": 1}
    right = "6866c02ad1fadb44c89139d4a1fe70a2e45cad74aed8edec43eda8a1a1fe84f0"
    check_sentry(BODY, right, [OLD, NEW])
    check_sentry(BODY, right.upper(), [NEW])
    for signature, why in ((None, "missing"), ("", "missing"), (right[:-1] + "1", "wrong"), ("a" * 5000, "missing")):
        with pytest.raises(WebhookUnauthenticated) as error:
            check_sentry(BODY, signature, [NEW])
        assert error.value.why == why


def test_a_token_is_one_of_those_that_are_valid() -> None:
    check_token(f"Bearer {NEW}", [OLD, NEW])
    check_token(f"bearer  {OLD} ", [OLD, NEW])
    for header, why in ((None, "missing"), ("", "missing"), ("Basic abc", "missing"), ("Bearer x", "wrong")):
        with pytest.raises(WebhookUnauthenticated) as error:
            check_token(header, [OLD, NEW])
        assert error.value.why == why


@pytest.mark.parametrize("secrets", [[], ["short"], [NEW, ""]])
def test_a_webhook_without_a_good_secret_takes_nothing(secrets: list[str]) -> None:
    with pytest.raises(SettingError):
        check_token("Bearer ", secrets)
    with pytest.raises(SettingError):
        check_sentry(BODY, "", secrets)
    with pytest.raises(SettingError):
        check_signed(BODY, "1", "v1=", secrets, NOW)


# ------------------------------------------------------------------------------------- what is sent


def read(**fields: object) -> SignedMessage:
    return read_signed(json.dumps({"version": 1} | fields).encode(), "backups", NOW)


def test_an_alert_needs_no_more_than_a_name() -> None:
    [alert] = read(alerts=[{"name": "DiskFull"}]).alerts
    assert (alert.source, alert.name, alert.status, alert.starts_at) == ("backups", "DiskFull", "firing", NOW)
    assert dict(alert.labels) == {"alertname": "DiskFull"}


def test_all_that_an_alert_says_is_read() -> None:
    [alert] = read(
        alerts=[
            {
                "name": "DiskFull",
                "component": "postgres",
                "kind": "database_performance",
                "severity": "P3",
                "summary": "The disk is full",
                "starts_at": "2026-11-23T09:00:00Z",
                "url": "https://monitoring.example/d/disk",
                "degradation": 0.6,
                "affected_users": 12,
                "labels": {"disk": "a"},
                "annotations": {"note": "b"},
            }
        ]
    ).alerts
    assert (alert.component, alert.kind, alert.summary) == ("postgres", "database_performance", "The disk is full")
    assert (alert.labels["disk"], alert.annotations["note"]) == ("a", "b")
    assert alert.generator_url == "https://monitoring.example/d/disk"
    assert classify(signals_of(alert.labels, alert.annotations)).severity == Severity.P1


@pytest.mark.parametrize("flag", ["data_loss", "security", "down"])
def test_what_makes_it_critical_can_be_said(flag: str) -> None:
    [alert] = read(alerts=[{"name": "A", "severity": "P3", flag: True}]).alerts
    assert classify(signals_of(alert.labels, alert.annotations)).severity == Severity.P0


def test_an_alert_stays_the_same_while_what_is_said_of_it_changes() -> None:
    same = read(
        alerts=[
            {"name": "A", "severity": "P3", "labels": {"disk": "a"}},
            {"name": "A", "severity": "P1", "labels": {"disk": "a"}, "down": True, "status": "resolved"},
        ]
    ).alerts
    assert same[0].fingerprint == same[1].fingerprint
    assert same[1].ends_at == NOW
    keyed = read(alerts=[{"name": "A", "key": "k"}, {"name": "B", "key": "k"}, {"name": "A", "key": "l"}]).alerts
    assert keyed[0].fingerprint == keyed[1].fingerprint != keyed[2].fingerprint


def test_a_change_is_read() -> None:
    [change] = read(changes=[{"kind": "deploy", "what": "1.4.2", "by": "ci", "at": "2026-11-23T09:59:00Z"}]).changes
    assert change == Change(at=NOW - timedelta(minutes=1), kind=ChangeKind.DEPLOY, what="1.4.2", by="ci")
    [bare] = read(changes=[{"kind": "flag", "what": "x", "at": "2027-01-01T00:00:00Z", "url": "javascript:x"}]).changes
    assert (bare.at, bare.by, bare.url) == (NOW, "unknown", "")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": True}, "version is true: expected 1"),
        ({}, "alerts and changes are both missing or empty"),
        ({"alerts": [{}]}, r"alerts\[0\].name is missing"),
        ({"alerts": [{"name": " "}]}, r"alerts\[0\].name is ' '"),
        ({"alerts": [{"name": "A", "down": "yes"}]}, r"alerts\[0\].down is 'yes': expected true or false"),
        ({"alerts": [{"name": "A", "degradation": 60}]}, r"alerts\[0\].degradation is 60: expected a share"),
        ({"alerts": [{"name": "A", "affected_users": 1.5}]}, r"alerts\[0\].affected_users is 1.5"),
        ({"changes": [{"kind": "party", "what": "x"}]}, r"changes\[0\].kind is 'party': expected 'deploy' or"),
        ({"changes": [{"kind": "scale"}]}, r"changes\[0\].what is missing"),
    ],
)
def test_what_is_malformed_is_refused_by_the_name_of_the_field(fields: dict[str, object], message: str) -> None:
    with pytest.raises(WebhookRefused, match=message) as error:
        read(**fields)
    assert error.value.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "name",
    "key",
    "status",
    "labels",
    "annotations",
    "starts_at",
    "ends_at",
    "degradation",
    "affected_users",
    "kind",
]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.dictionaries(st.sampled_from(["kind", "what", "at"]), JSON))
def test_whatever_is_sent_is_read_or_refused(alert: dict[str, object], change: dict[str, object]) -> None:
    body = json.dumps({"version": 1, "alerts": [{"name": "A"} | alert], "changes": [change]}).encode()
    try:
        read_signed(body, "x", NOW)
    except WebhookRefused as error:
        str(error).encode()


# ------------------------------------------------------------------------------------- what changed lately


def test_the_last_changes_before_an_incident_come_newest_first() -> None:
    hours = [3, 1, 7, 2, 6, -1, 5, 4]
    changes = [Change(at=NOW - timedelta(hours=h), kind=ChangeKind.SCALE, what=str(h), by="x") for h in hours]
    assert [change.what for change in recent(changes, NOW)] == ["1", "2", "3", "4", "5"]
    assert [change.what for change in recent(changes, NOW - timedelta(hours=6), n=9)] == ["6", "7"]


def test_a_change_has_to_say_when_and_what() -> None:
    with pytest.raises(SettingError, match="expected a time with its zone"):
        Change(at=NOW.replace(tzinfo=None), kind=ChangeKind.FLAG, what="x", by="y")
    with pytest.raises(SettingError, match="what of a change is empty"):
        Change(at=NOW, kind=ChangeKind.FLAG, what=" ", by="y")


def test_the_message_of_the_manual_is_taken() -> None:
    page = (ROOT / "docs" / "reference" / "incident-webhooks.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    message = read_signed(shown.encode(), "backups", NOW)
    assert message.alerts[0].annotations["affected_users"] == "12"
    assert message.alerts[0].runbook == "docs/runbooks/upkeep.md"
    assert message.changes[0].url == "https://ci.example/runs/7"


def test_the_manual_says_what_the_settings_are() -> None:
    """Its numbers are those of the defaults, which somebody will change one day."""
    grouping, recheck, severity = GroupingSettings(), RecheckSettings(), SeveritySettings()
    assert (grouping.window, grouping.reopen_within, grouping.storm_window) == tuple(
        timedelta(minutes=minutes) for minutes in (60, 30, 10)
    )
    assert (grouping.storm_after, recheck.flapping_from) == (10, 3)
    assert (recheck.flap_window, recheck.hold, recheck.longest_hold) == tuple(
        timedelta(minutes=minutes) for minutes in (30, 5, 60)
    )
    assert dict(recheck.lasts) == {Severity.P2: timedelta(seconds=30), Severity.P3: timedelta(minutes=2)}
    assert (severity.few_users, severity.multiple_users) == (2, 10)
    assert (MOST_BYTES, MOST_ALERTS, MOST_ENTRIES, LONGEST_TEXT) == (2 * 2**20, 2000, 1000, 2048)
