"""Who can be called, and by which means."""

import re
from dataclasses import dataclass, field

from actinf.errors import SettingError
from actinf.responder.oncall.wording import LONGEST_LINE, is_line, shown

_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_NUMBER = re.compile(r"\+[1-9][0-9 ()/-]{5,24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be on call.  How to reach them is not shown by `repr`, so that no log has it by accident.

    Attributes:
        handle: the short name by which schedules and commands call them, unique.
        name: as others call them.
        role: what they are, for example "DevOps Engineer".
        chat_id: the name that the chat knows them by, or None.
        email: their address, or None.
        phone: their number with the country's code, or None.
    """

    handle: str
    name: str
    role: str
    chat_id: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        mistakes = [
            f"{key} is {shown(value)}: expected {expected}"
            for key, value, right, expected in (
                (
                    "handle",
                    self.handle,
                    isinstance(self.handle, str) and _HANDLE.fullmatch(self.handle),
                    "at most 64 small letters, digits, '.', '_' and '-', the first a letter or a digit",
                ),
                ("name", self.name, is_line(self.name), _A_LINE),
                ("role", self.role, is_line(self.role), _A_LINE),
                ("chat_id", self.chat_id, self.chat_id is None or is_line(self.chat_id), _A_LINE),
                (
                    "email",
                    self.email,
                    self.email is None or (is_line(self.email) and _ADDRESS.fullmatch(self.email)),
                    "an address, as 'ada@example.org'",
                ),
                (
                    "phone",
                    self.phone,
                    self.phone is None or (is_line(self.phone) and _NUMBER.fullmatch(self.phone)),
                    "a number with the country's code, as '+49 30 1234567'",
                ),
            )
            if not right
        ]
        if mistakes:
            raise SettingError("\n".join(mistakes))

    @property
    def is_reachable(self) -> bool:
        """Whether there is any way to reach them."""
        return any((self.chat_id, self.email, self.phone))


_A_LINE = f"one line of at most {LONGEST_LINE} characters, none of them a control character"
