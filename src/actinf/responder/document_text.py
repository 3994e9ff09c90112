"""Reads the YAML of people into mappings, lists and texts, and knows on which line each of them stands.

Every scalar stays as it is written: `10:00` is no number of minutes and `no` is no truth value.  Whoever wrote the text
may have made it to do harm, so tags, anchors and aliases are refused, and size and depth are bounded.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import yaml

from actinf.errors import SettingError

__all__ = ["Path", "mistakes", "plain_values", "read_text", "read_values"]

Made = TypeVar("Made")

Path = tuple[str | int, ...]
#: What is made of plain values, None where there are mistakes; and the mistakes.
Read = Callable[[object], tuple[Made | None, Iterable[tuple[Path, str]]]]

MOST_CHARACTERS = 1_000_000
MOST_DEPTH = 16


def read_text(text: str, name: str, read: Read[Made]) -> Made:
    """What a YAML text states.

    Args:
        text: the YAML.
        name: what the text is called in messages.
        read: makes it of plain values.

    Raises:
        SettingError: every mistake as `name:line: sentence`.
    """
    value, lines = plain_values(text, name)
    made, problems = read(value)
    if made is None:
        raise mistakes(name, lines, problems)
    return made


def read_values(document: object, read: Read[Made]) -> Made:
    """What mappings, lists and texts state.

    Args:
        document: they.
        read: makes it of them.

    Raises:
        SettingError: every mistake, a line for each.
    """
    made, problems = read(document)
    if made is None:
        raise SettingError("\n".join(sentence for _, sentence in problems))
    return made


def plain_values(text: str, name: str) -> tuple[Any, dict[Path, int]]:
    """The values of a YAML text and, by the path of each, its line from 1.

    Raises:
        SettingError: the first place at which the text is no YAML or more than is read, as `name:line: sentence`.
    """
    if len(text) > MOST_CHARACTERS:
        raise SettingError(f"{name}: the text has {len(text):,} characters: at most {MOST_CHARACTERS:,} are read")
    lines: dict[Path, int] = {}
    events = yaml.parse(text, Loader=yaml.SafeLoader)
    try:
        return _document(_Events(events, name, lines)), lines
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not readable"
        raise SettingError(f"{name}:{line}: the text is no YAML: {what}") from None


def line_of(lines: dict[Path, int], where: Path) -> int:
    """The line of the value at `where`, or of the nearest around it."""
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 1)


def mistakes(name: str, lines: dict[Path, int], problems: Iterable[tuple[Path, str]]) -> SettingError:
    """What is wrong with a text, each mistake as `name:line: sentence`."""
    told = sorted((line_of(lines, where), sentence) for where, sentence in problems)
    return SettingError("\n".join(f"{name}:{line}: {sentence}" for line, sentence in told))


class _Events:
    """The events of the text, each checked, with the means to say where something is wrong."""

    def __init__(self, events: Iterator[yaml.Event], name: str, lines: dict[Path, int]):
        self._events = events
        self._name = name
        self.lines = lines

    def next(self) -> yaml.Event:
        event = next(self._events)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self.refusal(event, "anchors (&) and aliases (*) are not read here: write the value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self.refusal(event, f"the tag {tag!r} is not read here: leave it out")
        return event

    def refusal(self, event: yaml.Event, what: str) -> SettingError:
        return SettingError(f"{self._name}:{_line(event)}: {what}")


def _document(events: _Events) -> Any:
    value = None
    for number in range(2):
        event = events.next()
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = events.next()
        if isinstance(event, yaml.StreamEndEvent):
            break
        if number == 1:
            raise events.refusal(event, "a second document begins: expected one in a text")
        value = _value(events, event, ())
        events.next()  # the end of the document
    return value


def _value(events: _Events, event: yaml.Event, where: Path) -> Any:
    if len(where) > MOST_DEPTH:
        raise events.refusal(event, f"the values are nested more than {MOST_DEPTH} deep: expected fewer")
    events.lines[where] = _line(event)
    if isinstance(event, yaml.ScalarEvent):
        return None if event.implicit[0] and event.value in ("", "~", "null") else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        return _list(events, where)
    return _mapping(events, where)


def _list(events: _Events, where: Path) -> list[Any]:
    values: list[Any] = []
    while not isinstance(event := events.next(), yaml.SequenceEndEvent):
        values.append(_value(events, event, (*where, len(values))))
    return values


def _mapping(events: _Events, where: Path) -> dict[str, Any]:
    values: dict[str, Any] = {}
    while not isinstance(event := events.next(), yaml.MappingEndEvent):
        if not isinstance(event, yaml.ScalarEvent):
            raise events.refusal(event, "a key is a list or a mapping: expected a name")
        key = event.value
        if key in values:
            raise events.refusal(event, f"the key {key!r} stands here twice: leave one out")
        values[key] = _value(events, events.next(), (*where, key))
        # A mistake in a value is looked for where its key stands.
        events.lines[(*where, key)] = _line(event)
    return values


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1
