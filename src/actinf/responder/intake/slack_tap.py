"""A tap on a button in Slack, as Slack tells of it: a form with the field `payload`, of the type `block_actions`."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from actinf.errors import WebhookRefused
from actinf.responder.channels.port import Offer
from actinf.responder.channels.slack_layout import ACTION, is_user
from actinf.responder.intake.untrusted import Fields, read_object

__all__ = ["Tap", "read_slack_tap"]

_INCIDENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{3,9}")
_PLACE = re.compile(r"[A-Z0-9]{2,32}:[0-9]{1,20}\.[0-9]{1,20}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tap:
    """Somebody tapped on what a message offers.

    Args:
        user: their member id in Slack.
        offer: on what.
        incident: of which the message is, by its id.
        message: the reference of the message, as the channel gives it; "": it is not known.
        reply_to: an address of Slack at which they alone can be told what came of it; "": there is none.
    """

    user: str
    offer: Offer
    incident: str
    message: str
    reply_to: str


def read_slack_tap(body: bytes) -> Tap | None:
    """Read what Slack sent, once its signature was checked.

    Args:
        body: of the request.

    Returns:
        The tap; None: it is about something else, as a tap on a link.

    Raises:
        WebhookRefused: it is not what Slack sends.
    """
    try:
        form = parse_qs(body.decode("utf-8"), strict_parsing=True, max_num_fields=10)
        [payload] = form.get("payload", [""])
    except ValueError as error:
        raise WebhookRefused(f"the body is no form of Slack ({str(error)[:80]}): expected the field payload") from None
    if not payload:
        if "ssl_check" in form:  # Slack looks whether somebody is there
            return None
        raise WebhookRefused("payload is missing: expected a form with that field, as Slack sends it")
    fields = read_object(payload.encode("utf-8", "replace"), "an interaction of Slack")
    if fields.text("type") != "block_actions":
        return None
    user = fields.nested("user").text("id")
    if not is_user(user):
        fields.refuse("user", "an object with the id of a member, as U012AB3CD")
    for action in fields.list_of("actions", 25):
        name = action.text("action_id", "")
        known = next((offer for offer in Offer if name == f"{ACTION}{offer}"), None)
        if known is None:
            continue
        incident = action.text("value")
        if _INCIDENT.fullmatch(incident) is None:
            action.refuse("value", "the id of an incident, as 2026-11-23-001")
        return Tap(
            user=user,
            offer=known,
            incident=incident,
            message=_reference(fields),
            reply_to=fields.text("response_url", ""),
        )
    return None


def _reference(fields: Fields) -> str:
    if not fields.has("container"):
        return ""
    container = fields.nested("container")
    found = f"{container.text('channel_id', '')}:{container.text('message_ts', '')}"
    return found if _PLACE.fullmatch(found) else ""
