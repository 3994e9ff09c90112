"""Alertmanager's webhook, version 4."""

from dataclasses import dataclass
from datetime import datetime

from actinf.responder.intake.alert import Alert, Status
from actinf.responder.intake.fingerprint import full_fingerprint
from actinf.responder.intake.untrusted import Fields, read_object, web_address

__all__ = ["MOST_ALERTS", "AlertmanagerMessage", "read_alertmanager"]

#: Alerts in one message.
MOST_ALERTS = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertmanagerMessage:
    """What Alertmanager said.

    Args:
        alerts: of one of its groups, firing and resolved ones, in its order.
        truncated: how many it left out because of its `max_alerts`; they are told nowhere else.
        group: its name for the group.
    """

    alerts: tuple[Alert, ...]
    truncated: int
    group: str


def read_alertmanager(body: bytes, received_at: datetime, *, private: bool = False) -> AlertmanagerMessage:
    """Read a message of Alertmanager.

    Args:
        body: of the request.
        received_at: when it came, UTC.  What starts later, by a clock that is ahead, starts then.
        private: whether it came to the address of private incidents.

    Raises:
        WebhookRefused: it is no message of version 4, or one that is too large.
    """
    fields = read_object(body, "a message of Alertmanager")
    if fields.values.get("version") != "4":
        fields.refuse("version", "'4', as Alertmanager sends it")
    if not isinstance(fields.values.get("alerts"), list):
        fields.refuse("alerts", "a list of alerts")
    alerts = tuple(_alert(entry, received_at, private) for entry in fields.list_of("alerts", MOST_ALERTS))
    return AlertmanagerMessage(
        alerts=alerts, truncated=fields.count("truncatedAlerts") or 0, group=fields.text("groupKey", "")
    )


def _alert(fields: Fields, received_at: datetime, private: bool) -> Alert:
    labels = fields.texts("labels")
    annotations = fields.texts("annotations") | ({"private": "true"} if private else {})
    status: Status = "firing" if fields.one_of("status", ("firing", "resolved")) == "firing" else "resolved"
    starts_at = fields.moment("startsAt")
    if starts_at is None:
        fields.refuse("startsAt", "the time at which the alert began")
    starts_at = min(starts_at, received_at)
    ends_at = fields.moment("endsAt") if status == "resolved" else None
    return Alert(
        source="alertmanager",
        fingerprint=full_fingerprint("alertmanager", labels),
        name=labels.get("alertname", "") or "an alert without a name",
        status=status,
        labels=labels,
        annotations=annotations,
        starts_at=starts_at,
        ends_at=None if ends_at is None else max(starts_at, min(ends_at, received_at)),
        generator_url=web_address(fields.text("generatorURL", "")),
    )
