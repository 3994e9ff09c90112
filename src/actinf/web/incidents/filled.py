"""Forms as they were filled in: what they ask for, what is wrong with it, and what to show again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from actinf.errors import SettingError
from actinf.web.incidents.visitors import Filing

__all__ = ["BLANK", "Filled", "SentBefore", "asked_for", "mistakes_of"]

Request = TypeVar("Request", bound=BaseModel)

_TRUTH = {"true": True, "false": False}
_MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was refused.

    Attributes:
        form: which one of the page.
        values: what was filled in.
        mistakes: what is wrong, by field; under "" what fits no field.
    """

    form: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    mistakes: Mapping[str, str] = field(default_factory=dict)

    def of(self, form: str) -> Filled:
        """What was filled in into one form of the page."""
        return self if self.form == form else BLANK

    def value(self, name: str, default: str = "") -> str:
        """What a field shows."""
        return self.values.get(name, default)


BLANK = Filled()


def asked_for(kind: type[Request], filing: Filing) -> Request:
    """The request that a form makes.

    Args:
        kind: of request; a field of the form has the name of one of its fields.
        filing: what was sent.  A field that is empty, where the request can do without it, was not filled in.

    Raises:
        ValidationError: a field is not what it should be.
        SettingError: a moment is none.
    """
    given: dict[str, Any] = {}
    for name, about in kind.model_fields.items():
        text = filing.text(name).replace("\r\n", "\n")
        if not text.strip() and (name not in filing.fields or not about.is_required()):
            continue
        given[name] = _READ.get(name, str)(text)
    return kind.model_validate(given)


def mistakes_of(error: Exception) -> dict[str, str]:
    """What an error says, by field."""
    if not isinstance(error, ValidationError):
        return {"": str(error)}
    found: dict[str, str] = {}
    for one in error.errors(include_url=False):
        name = str(one["loc"][0]) if one["loc"] else ""
        found[name] = _said(one["type"], one["msg"], one.get("ctx", {}))
    return found


class SentBefore:
    """Remembers which forms were sent lately, so that one that is sent twice, by a second tap, does one thing.

    A form carries how far the page had come when it was shown: once it has done its work, the page has come further.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, ...], None] = {}

    def is_new(self, *what: str) -> bool:
        """Whether it was not sent before; from now on it was."""
        if what in self._seen:
            return False
        self._seen[what] = None
        if len(self._seen) > _MOST_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True

    def forget(self, *what: str) -> None:
        """It did nothing, and may be sent again."""
        self._seen.pop(what, None)


def _said(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind == "missing":
        return "is needed"
    if kind == "string_too_long":
        return f"is too long: at most {context['max_length']:,} characters"
    if kind in ("int_parsing", "float_parsing"):
        return "expected a number"
    return message.removeprefix("Value error, ").removeprefix("Input should be ")


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise SettingError(f"{text.strip()[:40]!r} is no moment: expected one as 2026-11-23T10:15, UTC") from None


def _end_of_day(text: str) -> datetime:
    return datetime.combine(_moment(text).date(), time(23, 59, 59), UTC)


def _level(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.replace(",", "\n").splitlines() if part.strip()]


def _lines(text: str) -> list[str]:
    return [part.strip() for part in text.splitlines() if part.strip()]


def _days(text: str) -> list[str]:
    return [one.lower() for one in _names(text.replace(" ", ","))]


def _share(text: str) -> str:
    """A share that is given in percent."""
    try:
        return str(float(text.strip().removesuffix("%")) / 100)
    except ValueError:
        return text


_READ: dict[str, Callable[[str], Any]] = {
    "at": _moment,
    "aware_at": _moment,
    "detected_at": _moment,
    "since": _moment,
    "until": _moment,
    "first": _moment,
    "second": _moment,
    "due": _end_of_day,
    "level": _level,
    "components": _names,
    "matchers": _lines,
    "days": _days,
    "degradation": _share,
    "passed": _TRUTH.get,
    "done": _TRUTH.get,
    "data_loss": bool,
    "down": bool,
    "private": bool,
}
