import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import WebhookRefused
from actinf.responder.intake.alertmanager import MOST_ALERTS, read_alertmanager
from actinf.responder.intake.untrusted import MOST_BYTES, web_address

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def an_alert(**changes: object) -> dict[str, object]:
    return {
        "status": "firing",
        "labels": {
            "alertname": "ApiDown",
            "severity": "P0",
            "incident_type": "api_down",
            "component": "api",
            "instance": "10.0.0.7:8000",
        },
        "annotations": {
            "summary": "No replica of the API answers",
            "runbook_url": "docs/runbooks/api-down.md",
            "dashboard_url": "https://monitoring.active-inference.com/d/api-down",
        },
        "startsAt": "2026-11-23T09:59:30.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
        "fingerprint": "3d4a1f0c5b6e7d8f",
    } | changes


def a_message(*alerts: object, **changes: object) -> bytes:
    message = {
        "version": "4",
        "groupKey": '{}:{component="api"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "incidents",
        "groupLabels": {"component": "api"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
    }
    return json.dumps(message | changes).encode()


def test_a_firing_alert_is_read_with_all_that_it_says() -> None:
    [alert] = read_alertmanager(a_message(an_alert()), NOW).alerts
    assert (alert.source, alert.name, alert.status) == ("alertmanager", "ApiDown", "firing")
    assert (alert.component, alert.kind, alert.labels["severity"]) == ("api", "api_down", "P0")
    assert alert.summary == "No replica of the API answers"
    assert alert.runbook == "docs/runbooks/api-down.md"
    assert alert.dashboard == "https://monitoring.active-inference.com/d/api-down"
    assert alert.starts_at == datetime(2026, 11, 23, 9, 59, 30, 123456, tzinfo=UTC)
    assert alert.ends_at is None
    assert alert.generator_url == "http://prometheus:9090/graph?g0.expr=up"


def test_a_resolved_alert_is_the_one_that_fired() -> None:
    resolved = an_alert(status="resolved", endsAt="2026-11-23T09:59:50+00:00")
    firing, ended = read_alertmanager(a_message(an_alert(), resolved), NOW).alerts
    assert ended.fingerprint == firing.fingerprint
    assert (ended.is_firing, ended.ends_at) == (False, datetime(2026, 11, 23, 9, 59, 50, tzinfo=UTC))


def test_how_many_alerts_were_left_out_is_told() -> None:
    assert read_alertmanager(a_message(an_alert(), truncatedAlerts=17), NOW).truncated == 17


def test_fields_of_later_versions_are_passed_over() -> None:
    assert read_alertmanager(a_message(an_alert(new={"deep": [1]}), notificationReason="x"), NOW).alerts


def test_what_began_in_the_future_began_now() -> None:
    ahead = an_alert(status="resolved", startsAt="2026-11-23T11:00:00Z", endsAt="2026-11-23T12:00:00Z")
    [alert] = read_alertmanager(a_message(ahead), NOW).alerts
    assert (alert.starts_at, alert.ends_at) == (NOW, NOW)


@pytest.mark.parametrize(
    ("private", "kind", "is_private"), [(False, "api_down", False), (True, "api_down", True), (False, "security", True)]
)
def test_what_concerns_security_is_private(private: bool, kind: str, is_private: bool) -> None:
    labels = {"alertname": "A", "incident_type": kind}
    [alert] = read_alertmanager(a_message(an_alert(labels=labels)), NOW, private=private).alerts
    assert alert.is_private == is_private


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON"),
        (b"\xff\xfe{}", r"not UTF-8 \(byte 0\)"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"version": NaN}', "NaN is no number"),
        (b'{"version": ' + b"9" * 5000 + b"}", "the body is not JSON"),
        (b"[]", "the body is a list: expected a message of Alertmanager, a JSON object"),
        (b"{}", "version is missing: expected '4'"),
        (a_message(version="3"), "version is '3': expected '4'"),
        (a_message(alerts=None), "alerts is missing: expected a list"),
        (a_message(alerts={}), "alerts is an object: expected a list"),
        (a_message("x"), r"alerts\[0\] is 'x': expected an object"),
        (
            a_message(an_alert(), an_alert(status="off")),
            r"alerts\[1\].status is 'off': expected 'firing' or 'resolved'",
        ),
        (a_message(an_alert(status=["firing"])), r"alerts\[0\].status is a list"),
        (a_message(an_alert(labels=[])), r"alerts\[0\].labels is a list: expected an object of texts"),
        (a_message(an_alert(labels={"a": 1})), r"alerts\[0\].labels.a is 1: expected a text"),
        (a_message(an_alert(labels={"": "x"})), r"alerts\[0\].labels has a field ''"),
        (a_message(an_alert(labels={f"l{i}": "x" for i in range(65)})), r"alerts\[0\].labels has 65 fields"),
        (a_message(an_alert(startsAt=None)), r"alerts\[0\].startsAt is missing"),
        (a_message(an_alert(startsAt="2026-11-23")), r"alerts\[0\].startsAt is '2026-11-23': expected a time with its"),
        (a_message(an_alert(startsAt="yesterday")), r"alerts\[0\].startsAt is 'yesterday'"),
        (a_message(an_alert(startsAt="9999-12-31T23:59:59-23:59")), r"alerts\[0\].startsAt is '9999"),
        (a_message(an_alert(), truncatedAlerts=-1), "truncatedAlerts is -1: expected a whole number"),
    ],
)
def test_what_is_malformed_is_refused_by_the_name_of_the_field(body: bytes, message: str) -> None:
    with pytest.raises(WebhookRefused, match=message) as refused:
        read_alertmanager(body, NOW)
    assert (refused.value.status, refused.value.why) == (400, "malformed")


@pytest.mark.parametrize("body", [b" " * (MOST_BYTES + 1), a_message(*[{}] * (MOST_ALERTS + 1))])
def test_what_is_too_large_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(WebhookRefused, match="expected at most") as refused:
        read_alertmanager(body, NOW)
    assert (refused.value.status, refused.value.why) == (413, "too_large")


def test_a_long_text_is_cut_and_two_that_differ_at_the_end_stay_two() -> None:
    alerts = [an_alert(labels={"alertname": "A", "path": "x" * 100_000 + end}) for end in "ab"]
    first, second = read_alertmanager(a_message(*alerts), NOW).alerts
    assert len(first.labels["path"]) < 2200
    assert first.fingerprint != second.fingerprint


def test_what_cannot_be_encoded_or_stored_is_replaced() -> None:
    body = a_message(an_alert(labels={"alertname": "a\ud800b\0c"}))
    [alert] = read_alertmanager(body, NOW).alerts
    assert alert.name == "a�b�c"


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "https://a/\n@everyone", 'https://a/"onclick=', "data:text/html,x", "//a", "https://a b"],
)
def test_what_is_no_address_of_the_web_is_no_link(text: str) -> None:
    assert web_address(text) == ""
    annotations = {"runbook_url": text, "dashboard_url": text}
    [alert] = read_alertmanager(a_message(an_alert(generatorURL=text, annotations=annotations)), NOW).alerts
    assert (alert.generator_url, alert.runbook, alert.dashboard) == ("", "", "")


@pytest.mark.parametrize("text", ["../../etc/passwd", "/etc/passwd", "docs/<b>.md"])
def test_a_runbook_is_a_page_of_the_documentation_or_an_address(text: str) -> None:
    [alert] = read_alertmanager(a_message(an_alert(annotations={"runbook_url": text})), NOW).alerts
    assert alert.runbook == ""


# ------------------------------------------------------------------------------------- whatever is sent

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


def taken_or_refused(body: bytes) -> None:
    try:
        message = read_alertmanager(body, NOW)
    except WebhookRefused as refused:
        str(refused).encode()
        return
    for alert in message.alerts:
        assert alert.starts_at <= NOW
        assert alert.ends_at is None or alert.starts_at <= alert.ends_at <= NOW
        json.dumps([dict(alert.labels), dict(alert.annotations)], ensure_ascii=False).encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    taken_or_refused(body)


@given(JSON)
def test_any_json_is_read_or_refused(found: object) -> None:
    taken_or_refused(json.dumps(found).encode())


@given(st.sampled_from(sorted(an_alert())), JSON)
def test_any_field_of_an_alert_may_be_anything(name: str, value: object) -> None:
    taken_or_refused(a_message(an_alert(**{name: value})))


@given(st.datetimes(min_value=datetime(1, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_any_time_of_any_zone_is_read_or_refused(moment: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    text = f"{moment.isoformat()}{sign}{hours:02}:{rest:02}"
    taken_or_refused(a_message(an_alert(startsAt=text, endsAt=text, status="resolved")))


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    [alert] = read_alertmanager(a_message(an_alert(startsAt="2026-11-23T10:30:00+01:00")), NOW).alerts
    assert alert.starts_at == NOW - timedelta(minutes=30)
    assert alert.starts_at.tzinfo is UTC
