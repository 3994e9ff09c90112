import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import WebhookRefused
from actinf.responder.incident.severity import Severity, classify, signals_of
from actinf.responder.intake.alert import Alert
from actinf.responder.intake.sentry import read_sentry

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LINK = "https://sentry.io/organizations/lab/issues/1170820242/"

EVENT = {
    "event_id": "e4874d664c3540c1a32eab185f12c5ab",
    "issue_id": "1170820242",
    "title": "OperationalError: server closed the connection",
    "culprit": "actinf.service.agents.repository in fetch",
    "level": "error",
    "environment": "production",
    "release": "1.4.2",
    "datetime": "2026-11-23T09:59:58.000000Z",
    "tags": [["component", "postgres"], ["browser", "x"], ["level", "error"]],
    "request": {"data": {"observation": "SECRET"}, "headers": [["Authorization", "SECRET"]]},
    "web_url": LINK + "events/e4874d664c3540c1a32eab185f12c5ab/",
}
ISSUE = {
    "id": "1170820242",
    "title": EVENT["title"],
    "level": "error",
    "project": {"slug": "lab-api"},
    "web_url": LINK,
    "firstSeen": "2024-01-01T00:00:00Z",
}
METRIC = {
    "description_title": "Critical: too many errors",
    "description_text": "1000 events in the last 10 minutes",
    "web_url": "https://sentry.io/organizations/lab/alerts/rules/details/7/",
    "metric_alert": {"id": "7", "alert_rule": {"name": "too many errors"}, "date_started": "2026-11-23T09:58:00Z"},
}


def read(resource: str | None, action: str, **data: object) -> tuple[Alert, ...]:
    return read_sentry(json.dumps({"action": action, "data": data}).encode(), resource, NOW)


def test_an_issue_alert_links_to_its_issue() -> None:
    [alert] = read("event_alert", "triggered", event=EVENT, triggered_rule="Too often")
    assert (alert.source, alert.name, alert.status) == ("sentry", EVENT["title"], "firing")
    assert alert.generator_url == EVENT["web_url"]
    assert alert.annotations["sentry_issue"] == "1170820242"
    assert alert.annotations["rule"] == "Too often"
    assert alert.component == "postgres"
    assert (alert.labels["environment"], alert.labels["release"]) == ("production", "1.4.2")
    assert alert.starts_at == datetime(2026, 11, 23, 9, 59, 58, tzinfo=UTC)


def test_nothing_is_taken_of_what_the_program_held() -> None:
    [alert] = read("event_alert", "triggered", event=EVENT)
    assert "SECRET" not in repr(alert)
    assert "browser" not in alert.labels


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("created", "firing"),
        ("unresolved", "firing"),
        ("resolved", "resolved"),
        ("archived", "resolved"),
        ("ignored", "resolved"),
    ],
)
def test_what_happens_to_an_issue_concerns_the_alert_of_its_events(action: str, status: str) -> None:
    [began] = read("event_alert", "triggered", event=EVENT)
    [alert] = read("issue", action, issue=ISSUE)
    assert (alert.fingerprint, alert.status) == (began.fingerprint, status)
    assert alert.generator_url == LINK
    assert alert.labels["alertname"] == began.labels["alertname"]
    assert alert.starts_at == NOW


def test_a_metric_alert_ends_as_the_one_that_began() -> None:
    [began] = read("metric_alert", "critical", **METRIC)
    [ended] = read("metric_alert", "resolved", **METRIC)
    assert (began.name, began.status, ended.status) == ("too many errors", "firing", "resolved")
    assert began.fingerprint == ended.fingerprint
    assert ended.ends_at == NOW


@pytest.mark.parametrize(("level", "severity"), [("fatal", "P1"), ("error", "P2"), ("info", "P3")])
def test_the_level_of_an_event_is_a_severity(level: str, severity: str) -> None:
    [alert] = read("event_alert", "triggered", event=EVENT | {"level": level})
    assert classify(signals_of(alert.labels, alert.annotations)).severity == Severity(severity)


def test_a_critical_metric_is_high_and_not_the_whole_system() -> None:
    [alert] = read("metric_alert", "critical", **METRIC)
    assert classify(signals_of(alert.labels, alert.annotations)).severity == Severity.P1


@pytest.mark.parametrize(
    ("resource", "action"), [("installation", "created"), ("comment", "created"), ("issue", "assigned"), (None, "x")]
)
def test_what_is_no_alert_is_none(resource: str | None, action: str) -> None:
    assert read(resource, action, issue=ISSUE) == ()


@pytest.mark.parametrize(
    ("resource", "body", "message"),
    [
        ("event_alert", {}, "data is missing"),
        ("event_alert", {"data": {}}, "data.event is missing"),
        ("event_alert", {"data": {"event": {}}}, "data.event.issue_id is missing"),
        ("event_alert", {"data": {"event": EVENT | {"tags": {}}}}, "data.event.tags is an object"),
        ("event_alert", {"data": {"event": EVENT | {"tags": [["component", 1]]}}}, "data.event.tags.component is 1"),
        ("issue", {"data": {}}, "action is missing"),
        ("issue", {"action": "created", "data": {"issue": {"id": True}}}, "data.issue.id is true"),
        ("metric_alert", {"action": "odd", "data": {}}, "action is 'odd'"),
    ],
)
def test_what_is_malformed_is_refused_by_the_name_of_the_field(resource: str, body: object, message: str) -> None:
    with pytest.raises(WebhookRefused, match=message):
        read_sentry(json.dumps(body).encode(), resource, NOW)


ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.lists(st.lists(st.text(max_size=9)))
    | st.just({})
)


@given(st.sampled_from(sorted({*EVENT, *ISSUE})), ODD, st.sampled_from(["event_alert", "issue", "metric_alert"]))
def test_any_field_may_be_anything(name: str, value: object, resource: str) -> None:
    data = {"event": EVENT | {name: value}, "issue": ISSUE | {name: value}, "metric_alert": {"id": 7, name: value}}
    with suppress(WebhookRefused):
        read(resource, "resolved", **data)
