"""Server-sent events, out of the lines of a reply."""

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["EventLines", "ServerEvent"]


@dataclass(frozen=True)
class ServerEvent:
    """One event.

    Attributes:
        name: its kind.
        number: what a stream is resumed after; None: it has none.
        data: what it says.
    """

    name: str
    number: int | None
    data: Any


class EventLines:
    """Gathers lines until an event is whole."""

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}

    def take(self, line: str) -> ServerEvent | None:
        """The event that a line ends, if it does.

        Raises:
            ValueError: the event holds no JSON, or no number.
        """
        if line:
            name, _, value = line.partition(":")
            if name:  # else it is a comment, which keeps the connection alive
                self._fields.setdefault(name, []).append(value.removeprefix(" "))
            return None
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        number = fields["id"][-1] if "id" in fields else None
        return ServerEvent(
            name=fields.get("event", ["message"])[-1],
            number=None if number is None else int(number),
            data=json.loads("\n".join(fields["data"])),
        )
