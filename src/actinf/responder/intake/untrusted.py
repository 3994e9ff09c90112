"""Reading JSON that anybody may have written: within bounds, field by field, with one clear error.

Sizes and counts beyond their bounds are refused.  A text that is too long is cut and not refused: an alert that nobody
hears of because its description is long does more harm than a short description.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from actinf.errors import WebhookRefused

__all__ = ["MOST_BYTES", "Fields", "read_object", "web_address"]

#: The largest body that is read.  Parsed, the worst one takes 25 times as much memory for a moment.
MOST_BYTES = 2 * 2**20
#: Labels, or annotations, of one alert.
MOST_LABELS = 64
#: Characters of the name of a label.
LONGEST_NAME = 128
#: Characters of a text.
LONGEST_TEXT = 2048
#: Characters of an address.
LONGEST_ADDRESS = 2048

_NOT_TEXT = dict.fromkeys((0, *range(55296, 57344)), "�")
_NO_TIME_BEFORE = datetime(1970, 1, 1, tzinfo=UTC)


def read_object(body: bytes, what: str, *, most_bytes: int = MOST_BYTES) -> "Fields":
    """The JSON object that a body holds.

    Args:
        body: as it was received.
        what: is expected, for messages: "a message of Alertmanager".
        most_bytes: how large it may be.

    Raises:
        WebhookRefused: it is too large, or no such object.
    """
    if len(body) > most_bytes:
        raise WebhookRefused(
            f"the body has {len(body)} bytes: expected at most {most_bytes}; send less at a time",
            status=413,
            why="too_large",
        )
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise WebhookRefused(f"the body is not UTF-8 (byte {error.start}): expected {what} as JSON") from error
    except RecursionError as error:
        raise WebhookRefused(f"the body is nested too deep: expected {what} as JSON") from error
    except ValueError as error:
        raise WebhookRefused(f"the body is not JSON ({error}): expected {what}") from error
    if not isinstance(found, dict):
        raise WebhookRefused(f"the body is {_shown(found)}: expected {what}, a JSON object")
    return Fields(found, "")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a JSON object, each read as what it should be.

    Every method takes the name of a field and raises WebhookRefused, which names its path, where it is something else.

    Args:
        values: the object.
        where: its path in the document; "": it is the document.
    """

    values: dict[str, Any]
    where: str

    def path(self, name: str) -> str:
        """The path of a field in the document."""
        return f"{self.where}.{name}" if self.where else name

    def refuse(self, name: str, expected: str) -> NoReturn:
        """Refuse the document because of a field."""
        if self.values.get(name) is None:
            raise WebhookRefused(f"{self.path(name)} is missing: expected {expected}")
        raise WebhookRefused(f"{self.path(name)} is {_shown(self.values[name])}: expected {expected}")

    def has(self, name: str) -> bool:
        """Whether there is anything in a field."""
        return self.values.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A text, cut where it is too long; None as the default: it has to be there, and must not be empty."""
        found = self.values.get(name)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or (default is None and not found.strip()):
            self.refuse(name, "a text" if default is not None else "a text that is not empty")
        return _clean(found)

    def one_of(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of some words."""
        found = self.values.get(name, default)
        if found not in choices or not isinstance(found, str):
            self.refuse(name, " or ".join(f"'{choice}'" for choice in choices))
        return found

    def identity(self, name: str) -> str:
        """What names a thing: a text or a whole number."""
        found = self.values.get(name)
        if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 2**63:
            return str(found)
        return self.text(name)

    def count(self, name: str) -> int | None:
        """A whole number from 0 on; None: it is not there."""
        found = self.values.get(name)
        if found is None:
            return None
        if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 2**63:
            self.refuse(name, "a whole number, 0 or more")
        return found

    def share(self, name: str) -> float | None:
        """A number from 0 to 1; None: it is not there."""
        found = self.values.get(name)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 1 or math.isnan(found):
            self.refuse(name, "a share from 0 to 1")
        return float(found)

    def flag(self, name: str) -> bool:
        """True or false; false where it is not there."""
        found = self.values.get(name)
        if found is None:
            return False
        if not isinstance(found, bool):
            self.refuse(name, "true or false")
        return found

    def moment(self, name: str) -> datetime | None:
        """A time of RFC 3339, in UTC; None: it is not there, or is the year 1, which is how Go writes that."""
        found = self.values.get(name)
        if found is None or found == "":
            return None
        expected = "a time with its zone, as 2026-11-23T10:00:00Z"
        if not isinstance(found, str) or len(found) > 64:
            self.refuse(name, expected)
        try:
            moment = datetime.fromisoformat(found)
            if moment.tzinfo is None:
                self.refuse(name, expected)
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            if isinstance(error, OverflowError) and found.startswith("0001"):
                return None
            self.refuse(name, expected)
        return moment if moment >= _NO_TIME_BEFORE else None

    def texts(self, name: str) -> dict[str, str]:
        """An object of texts, as labels are; empty where it is not there."""
        found = self.values.get(name)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self.refuse(name, "an object of texts")
        if len(found) > MOST_LABELS:
            raise WebhookRefused(f"{self.path(name)} has {len(found)} fields: expected at most {MOST_LABELS}")
        inner = Fields(found, self.path(name))
        for key in found:
            if not key or len(key) > LONGEST_NAME:
                raise WebhookRefused(
                    f"{self.path(name)} has a field {_shown(key)}: expected a name of 1 to {LONGEST_NAME} characters"
                )
        return {_clean(key): inner.text(key, "") for key in found}

    def nested(self, name: str) -> "Fields":
        """An object."""
        found = self.values.get(name)
        if not isinstance(found, dict):
            self.refuse(name, "an object")
        return Fields(found, self.path(name))

    def list_of(self, name: str, most: int) -> "list[Fields]":
        """A list of objects; empty where it is not there.

        Args:
            name: of the field.
            most: entries that it may have.
        """
        found = self.values.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            self.refuse(name, "a list of objects")
        if len(found) > most:
            raise WebhookRefused(
                f"{self.path(name)} has {len(found)} entries: expected at most {most}; send fewer at a time",
                status=413,
                why="too_large",
            )
        entries = []
        for index, entry in enumerate(found):
            where = f"{self.path(name)}[{index}]"
            if not isinstance(entry, dict):
                raise WebhookRefused(f"{where} is {_shown(entry)}: expected an object")
            entries.append(Fields(entry, where))
        return entries


def web_address(text: str) -> str:
    """A text where it is an address of the web that can be a link; else "".

    A browser runs what `javascript:` says, and hides what a line break or a blank hides.
    """
    is_address = text.startswith(("https://", "http://")) and len(text) <= LONGEST_ADDRESS
    return text if is_address and text.isprintable() and not set(text) & set(" \"'<>\\`") else ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _clean(text: str) -> str:
    """A text that can be stored and encoded, and is not too long.

    What is cut off is named by its digest, so that two texts that differ only there stay two.
    """
    text = text.translate(_NOT_TEXT)
    if len(text) <= LONGEST_TEXT:
        return text
    rest = text[LONGEST_TEXT:]
    return f"{text[:LONGEST_TEXT]}… ({len(rest)} more, {hashlib.sha256(rest.encode()).hexdigest()[:16]})"


def _shown(value: Any) -> str:
    """A value as a message quotes it: short, and of printable ASCII."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a huge number"
    text = ascii(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
