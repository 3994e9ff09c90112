"""How a message looks in Slack: the headline, then one line for each field, then what else is said."""

import re
from typing import Any, TypeGuard

from actinf.responder.channels import neutral
from actinf.responder.channels.port import Message, Offer

__all__ = ["ACTION", "blocks_of", "fallback_of", "is_user"]

#: What the ids of buttons begin with; behind it stands what is done.
ACTION = "actinf:"

_MOST_OF_A_TEXT = 2900
_MOST_OF_A_FALLBACK = 3000
_MOST_OF_AN_ADDRESS = 3000
_WORDS = {Offer.ACKNOWLEDGE: "Acknowledge", Offer.LEAD: "Take the lead", Offer.TAKE_OVER: "Take the lead"}
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")


def is_user(chat_id: str | None) -> TypeGuard[str]:
    """Whether this is a member's id in Slack.

    Args:
        chat_id: of a person.
    """
    return chat_id is not None and _USER.fullmatch(chat_id) is not None


def blocks_of(message: Message, *, buttons: bool = False) -> list[dict[str, Any]]:
    """The message as blocks; the person whom it is for is called where a field names them.

    Args:
        message: what is said.
        buttons: whether what can be done with its incident is offered below it.
    """
    elements: list[dict[str, Any]] = [_text(neutral.line(message.subject, 150), bold=True)]
    for name, value in message.fields:
        elements.append(_text(f"\n{neutral.line(name, 80)}: "))
        elements.append(_called(message, value) or _text(neutral.line(value)))
    said = neutral.block(message.text, _MOST_OF_A_TEXT)
    if said:
        elements.append(_text(f"\n\n{said}"))
    shown = [element for element in elements if element.get("text") != ""]
    blocks: list[dict[str, Any]] = [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": shown}]}
    ]
    if buttons and message.incident is not None and message.offers:
        blocks.append({"type": "actions", "block_id": "actinf", "elements": _buttons(message, message.incident)})
    return blocks


def fallback_of(message: Message) -> str:
    """The message as text for notifications and screen readers; strangers' text in it is escaped."""
    lines = [neutral.chat(neutral.line(message.subject, 150))]
    for name, value in message.fields:
        called = _called(message, value)
        shown = f"<@{called['user_id']}>" if called else neutral.chat(neutral.line(value))
        lines.append(f"{neutral.chat(neutral.line(name, 80))}: {shown}")
    room_left = _MOST_OF_A_FALLBACK - sum(len(part) + 1 for part in lines)
    if message.text and room_left > 1:
        lines += ["", neutral.chat(message.text, room_left)]
    return "\n".join(lines)


def _buttons(message: Message, incident: str) -> list[dict[str, Any]]:
    buttons = [_button(offer, incident) for offer in message.offers]
    if message.link is not None and len(message.link) <= _MOST_OF_AN_ADDRESS:
        # Slack tells of a tap on it as well.
        buttons.append({"type": "button", "action_id": f"{ACTION}open", "text": _plain("Open"), "url": message.link})
    return buttons


def _button(offer: Offer, incident: str) -> dict[str, Any]:
    button = {
        "type": "button",
        "action_id": f"{ACTION}{offer}",
        "text": _plain(_WORDS[offer]),
        "value": incident,
        "accessibility_label": f"{_WORDS[offer]} of incident {incident}"
        if offer is not Offer.ACKNOWLEDGE
        else f"Acknowledge incident {incident}",
    }
    if offer is Offer.ACKNOWLEDGE:
        button["style"] = "primary"
    if offer is Offer.TAKE_OVER:
        button["confirm"] = {
            "title": _plain("Somebody leads already"),
            "text": _plain(f"Take the lead of {incident} from them?"),
            "confirm": _plain("Take it"),
            "deny": _plain("Leave it"),
        }
    return button


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _called(message: Message, value: str) -> dict[str, Any] | None:
    """The element that calls whom the message is for, where a field's value is their name and nothing else."""
    to = message.to
    if to is None or value != f"@{to.handle}" or not is_user(to.chat_id):
        return None
    return {"type": "user", "user_id": to.chat_id}


def _text(text: str, *, bold: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": {"bold": True}} if bold else {})}
