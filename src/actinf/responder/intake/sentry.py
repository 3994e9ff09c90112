"""Sentry's webhooks, as an integration of its platform sends them.

The header `Sentry-Hook-Resource` says what a body is about: `event_alert` (the rule of an issue alert was met), `issue`
(one was created, resolved, …) or `metric_alert`.  What else it sends, as comments and installations, is no alert.

An alert of an issue is named by the issue, so that Sentry's "resolved" ends what its rule began, and links to it.  Of
an event only its title and a few tags are taken: an event holds what the program held when it failed.
"""

from collections.abc import Iterator
from datetime import datetime

from actinf.responder.intake.alert import Alert, Status
from actinf.responder.intake.fingerprint import key_fingerprint
from actinf.responder.intake.untrusted import Fields, read_object, web_address

__all__ = ["read_sentry"]

_TAGS = ("component", "incident_type", "severity", "impact", "root", "environment", "release")
_ISSUE_STATUS: dict[str, Status] = {
    "created": "firing",
    "unresolved": "firing",
    "resolved": "resolved",
    "archived": "resolved",
    "ignored": "resolved",
}
#: Sentry calls the upper threshold of a rule critical, whatever the rule is about: that alone is not P0.
_METRIC_LEVEL = {"critical": "fatal", "warning": "warning", "resolved": ""}


def read_sentry(body: bytes, resource: str | None, received_at: datetime) -> tuple[Alert, ...]:
    """Read a webhook of Sentry, once its signature was checked.

    Args:
        body: of the request.
        resource: the header `Sentry-Hook-Resource`; None: there is none.
        received_at: when it came, UTC.

    Returns:
        One alert; none where it is about something else.

    Raises:
        WebhookRefused: a field is not what it should be.
    """
    fields = read_object(body, "a webhook of Sentry")
    match resource:
        case "event_alert":
            return (_of_event(fields, received_at),)
        case "issue":
            return tuple(_of_issue(fields, received_at))
        case "metric_alert":
            return (_of_metric(fields, received_at),)
        case _:
            return ()


def _of_event(fields: Fields, received_at: datetime) -> Alert:
    data = fields.nested("data")
    event = data.nested("event")
    labels = {name: event.text(name, "") for name in ("level", "environment", "release")} | _tags(event)
    return _issue_alert(
        event,
        event.identity("issue_id"),
        "firing",
        labels,
        {"rule": data.text("triggered_rule", "")},
        min(event.moment("datetime") or received_at, received_at),
        received_at,
    )


def _of_issue(fields: Fields, received_at: datetime) -> Iterator[Alert]:
    status = _ISSUE_STATUS.get(fields.text("action"))
    if status is None:
        return
    issue = fields.nested("data").nested("issue")
    labels = {"level": issue.text("level", "")}
    if issue.has("project"):
        labels["component"] = issue.nested("project").text("slug", "")
    # When it was seen first may be years ago, and is not when this trouble began.
    yield _issue_alert(issue, issue.identity("id"), status, labels, {}, received_at, received_at)


def _issue_alert(
    fields: Fields,
    issue: str,
    status: Status,
    labels: dict[str, str],
    annotations: dict[str, str],
    starts_at: datetime,
    received_at: datetime,
) -> Alert:
    title = fields.text("title", "") or f"Sentry issue {issue}"
    annotations |= {"summary": title, "culprit": fields.text("culprit", ""), "sentry_issue": issue}
    return Alert(
        source="sentry",
        fingerprint=key_fingerprint("sentry", f"issue {issue}"),
        name=title,
        status=status,
        # The title of an issue changes with the values in it.
        labels=_present(labels) | {"alertname": f"Sentry issue {issue}"},
        annotations=_present(annotations),
        starts_at=starts_at,
        ends_at=received_at if status == "resolved" else None,
        generator_url=web_address(fields.text("web_url", "")) or web_address(fields.text("permalink", "")),
    )


def _of_metric(fields: Fields, received_at: datetime) -> Alert:
    action = fields.one_of("action", tuple(_METRIC_LEVEL))
    data = fields.nested("data")
    alert = data.nested("metric_alert")
    identity = alert.identity("id")
    status: Status = "resolved" if action == "resolved" else "firing"
    rule = alert.nested("alert_rule").text("name", "") if alert.has("alert_rule") else ""
    title = rule or data.text("description_title", "") or f"Sentry metric alert {identity}"
    starts_at = min(alert.moment("date_started") or received_at, received_at)
    return Alert(
        source="sentry",
        fingerprint=key_fingerprint("sentry", f"metric alert {identity}"),
        name=title,
        status=status,
        labels=_present({"alertname": title, "level": _METRIC_LEVEL[action]}),
        annotations=_present(
            {"summary": data.text("description_title", ""), "description": data.text("description_text", "")}
        ),
        starts_at=starts_at,
        ends_at=received_at if status == "resolved" else None,
        generator_url=web_address(data.text("web_url", "")),
    )


def _tags(event: Fields) -> dict[str, str]:
    """The tags that say what an event is about; Sentry writes tags as pairs."""
    tags = event.values.get("tags")
    if tags is None:
        return {}
    if not isinstance(tags, list):
        event.refuse("tags", "a list of pairs")
    pairs = [tag for tag in tags if isinstance(tag, list) and len(tag) == 2 and tag[0] in _TAGS]
    return {name: Fields({name: value}, event.path("tags")).text(name, "") for name, value in pairs}


def _present(texts: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
