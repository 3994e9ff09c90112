"""The ways to reach somebody, each checked so that a tap on it does nothing but call, write or open a page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from actinf.errors import SettingError
from actinf.responder.intake.untrusted import web_address
from actinf.responder.oncall.wording import LONGEST_LINE, is_line, shown

__all__ = ["EXPECTED", "Means", "MeansKind", "is_phone"]

_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{1,28}[0-9](?: ?(?:x|ext\.?|;ext=) ?([0-9]{1,8}))?", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", re.ASCII)


class MeansKind(StrEnum):
    """What a means is."""

    PHONE = "phone"
    EMAIL = "email"
    CHAT = "chat"
    WEB = "web"


#: What each kind of means looks like, for messages.
EXPECTED = {
    MeansKind.PHONE: "a number, as '+49 30 1234567' or '+49 30 1234567 ext 12'",
    MeansKind.EMAIL: "an address, as 'ada@example.org'",
    MeansKind.CHAT: f"the name that the chat knows them by, as 'U024BE7LH', in one line of at most {LONGEST_LINE}",
    MeansKind.WEB: "an address of the web, as https://meet.example.org/ada",
}


def is_phone(text: str) -> bool:
    """Whether a text is a number that can be called: digits, `+`, blanks and what groups them, and an extension."""
    return bool(_PHONE.fullmatch(text)) and len(text) <= 40 and text.count("(") == text.count(")")


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """A way to reach somebody.  What it is does not show in `repr`, so that no log has it by accident.

    Attributes:
        kind: what it is.
        value: the number, the address, the name.
        when: when to use it, in one line; empty: at any time.
    """

    kind: MeansKind
    value: str = field(repr=False)
    when: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        # The value is not told: it may be right but for a letter, and messages go into logs.
        if not isinstance(self.value, str) or not self._is_right():
            raise SettingError(f"{self.kind} is not what it should be: expected {EXPECTED[self.kind]}")
        if self.when and not is_line(self.when):
            raise SettingError(f"when is {shown(self.when)}: expected one line of at most {LONGEST_LINE} characters")

    def _is_right(self) -> bool:
        match self.kind:
            case MeansKind.PHONE:
                return is_phone(self.value)
            case MeansKind.EMAIL:
                return len(self.value) <= LONGEST_LINE and bool(_ADDRESS.fullmatch(self.value))
            case MeansKind.CHAT:
                return is_line(self.value)
            case MeansKind.WEB:
                return bool(web_address(self.value))

    @property
    def link(self) -> str:
        """The address that a tap goes to: tel:, mailto: or https:; empty: there is none."""
        match self.kind:
            case MeansKind.PHONE:
                number, extension = _parted(self.value)
                return f"tel:{number}" + (f";ext={extension}" if extension else "")
            case MeansKind.EMAIL:
                return f"mailto:{quote(self.value, safe='@')}"
            case MeansKind.WEB:
                return self.value
            case MeansKind.CHAT:
                return ""


def _parted(phone: str) -> tuple[str, str]:
    """A number as `tel:` takes it, and its extension."""
    found = _PHONE.fullmatch(phone)
    extension = (found[1] or "") if found is not None else ""
    main = phone[: found.start(1)] if found is not None and extension else phone
    return re.sub(r"[^0-9+]", "", main), extension
