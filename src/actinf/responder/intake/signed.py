"""The signed webhook: for whatever has none of its own, and for changes.

    {"version": 1,
     "alerts":  [{"name": "DiskFull", "status": "firing", "key": "disk-a", "component": "postgres",
                  "kind": "database_performance", "severity": "P1", "summary": "The disk is full",
                  "starts_at": "2026-11-23T10:00:00Z", "url": "https://…", "degradation": 0.6, "affected_users": 12,
                  "data_loss": false, "security": false, "down": false, "labels": {}, "annotations": {}}],
     "changes": [{"kind": "deploy", "what": "1.4.2 to production", "by": "ci", "at": "…", "url": "https://…"}]}

Of an alert only `name` is needed, of a change `kind` and `what`.  `actinf.responder.intake.authentic.sign` makes the
headers.
"""

from dataclasses import dataclass
from datetime import datetime

from actinf.errors import WebhookRefused
from actinf.responder.intake.alert import Alert, Status
from actinf.responder.intake.changes import Change, read_change
from actinf.responder.intake.fingerprint import full_fingerprint, key_fingerprint
from actinf.responder.intake.untrusted import Fields, read_object, web_address

__all__ = ["MOST_ENTRIES", "SignedMessage", "read_signed"]

#: Alerts, and changes, in one message.
MOST_ENTRIES = 1000

_FLAGS = {"data_loss": "data_loss", "security": "security_breach", "down": "down", "cosmetic": "cosmetic"}


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedMessage:
    """What was sent: alerts, changes, or both, in their order."""

    alerts: tuple[Alert, ...]
    changes: tuple[Change, ...]


def read_signed(body: bytes, source: str, received_at: datetime) -> SignedMessage:
    """Read the body of a signed webhook, once its signature was checked.

    Args:
        body: of the request.
        source: the name of the webhook, by which alerts of different senders are told apart.
        received_at: when it came, UTC.

    Raises:
        WebhookRefused: a field is not what it should be, or there is too much or nothing at all.
    """
    fields = read_object(body, "a message with version, alerts and changes")
    version = fields.values.get("version")
    if version != 1 or isinstance(version, bool):
        fields.refuse("version", "1")
    alerts = tuple(_alert(entry, source, received_at) for entry in fields.list_of("alerts", MOST_ENTRIES))
    changes = tuple(read_change(entry, received_at) for entry in fields.list_of("changes", MOST_ENTRIES))
    if not alerts and not changes:
        raise WebhookRefused("alerts and changes are both missing or empty: expected one of either at least")
    return SignedMessage(alerts=alerts, changes=changes)


def _alert(fields: Fields, source: str, received_at: datetime) -> Alert:
    name = fields.text("name")
    status: Status = "firing" if fields.one_of("status", ("firing", "resolved"), "firing") == "firing" else "resolved"
    about = {"component": fields.text("component", ""), "incident_type": fields.text("kind", "")}
    labels = fields.texts("labels") | {"alertname": name} | {key: value for key, value in about.items() if value}
    # What may change while the same thing is wrong is no part of its identity.
    key = fields.text("key", "")
    fingerprint = key_fingerprint(source, key) if key else full_fingerprint(source, labels)
    if severity := fields.text("severity", ""):
        labels["severity"] = severity
    starts_at = min(fields.moment("starts_at") or received_at, received_at)
    ends_at = min(fields.moment("ends_at") or received_at, received_at)
    return Alert(
        source=source,
        fingerprint=fingerprint,
        name=name,
        status=status,
        labels=labels,
        annotations=fields.texts("annotations") | _said(fields),
        starts_at=starts_at,
        ends_at=max(starts_at, ends_at) if status == "resolved" else None,
        generator_url=web_address(fields.text("url", "")),
    )


def _said(fields: Fields) -> dict[str, str]:
    """What is said about an alert in fields of their own, as annotations."""
    said = {to: "true" for name, to in _FLAGS.items() if fields.flag(name)}
    if (lost := fields.share("degradation")) is not None:
        said["degradation"] = repr(lost)
    if (users := fields.count("affected_users")) is not None:
        said["affected_users"] = str(users)
    if summary := fields.text("summary", ""):
        said["summary"] = summary
    return said
