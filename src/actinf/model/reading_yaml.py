"""Turns YAML text into plain values by its events, with the scalars of YAML 1.2 (`no` and `on` are texts).

PyYAML's own constructors are not used: they know tags, copy aliases by merge keys, accept duplicate keys and hold
no lines.  The events come from libyaml where PyYAML was built with it, else from PyYAML's slower parser.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from actinf.model.refusal import (
    MAX_DEPTH,
    MAX_VALUES,
    MOST_PROBLEMS,
    Places,
    Refused,
    refuse_control_characters,
    too_deep,
    too_many,
)

#: The most characters that are read where PyYAML has no libyaml; it parses them in about two seconds.
MAX_CHARACTERS_WITHOUT_LIBYAML = 200_000

_NULL = ("", "~", "null", "Null", "NULL")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,400}|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LINE_BREAKS = "\n\r\x85\u2028\u2029"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HAS_LIBYAML = _LOADER is not yaml.SafeLoader


def parse_yaml(text: str) -> tuple[Any, Places]:
    """The values of one YAML document, and where they stand.

    Raises:
        Refused: with every problem found up to the first one that makes reading on impossible.
    """
    refuse_control_characters(text)
    if not _HAS_LIBYAML and len(text) > MAX_CHARACTERS_WITHOUT_LIBYAML:
        raise Refused(
            [
                (
                    1,
                    f"{len(text):,} characters of YAML, and PyYAML was built without libyaml, without which at"
                    f" most {MAX_CHARACTERS_WITHOUT_LIBYAML:,} are read",
                )
            ]
        )
    directive = 0 if text.startswith("%") else max(text.find(f"{mark}%") for mark in _LINE_BREAKS) + 1
    if directive or text.startswith("%"):
        line = text.count("\n", 0, directive) + 1
        raise Refused([(line, "YAML directives (a line that begins with %) are not allowed")])
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
            if len(builder.problems) >= MOST_PROBLEMS:
                break
    except yaml.MarkedYAMLError as error:
        builder.problems.append((_line_of(error, text), _syntax(error)))
    except yaml.YAMLError as error:
        builder.problems.append((1, f"this is not YAML: {error}"))
    if not builder.problems and builder.documents == 0:
        builder.problems.append((1, "the file is empty"))
    if builder.problems:
        raise Refused(builder.problems)
    return builder.root.value, builder.root.places


@dataclass
class _Node:
    """A value that is finished: how many values it holds, aliases expanded, and how deep it is."""

    value: Any
    places: Places
    size: int = 1
    height: int = 0


@dataclass
class _Open:
    """A list or mapping that is still being read; `key` is the key whose value comes next."""

    value: Any
    children: Any
    line: int
    anchor: str | None
    size: int = 1
    height: int = 1
    key: Any = None
    key_line: int = 0


_NO_KEY = object()


class _Builder:
    """Takes the events one by one."""

    def __init__(self) -> None:
        self.problems: list[tuple[int, str]] = []
        self.root = _Node(None, 1)
        self.documents = 0
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Node | None] = {}

    def take(self, event: Any) -> None:
        """One event of the parser."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.SequenceStartEvent:
            self._open(event, [], [])
        elif kind is yaml.MappingStartEvent:
            self._open(event, {}, {})
        elif kind is yaml.SequenceEndEvent or kind is yaml.MappingEndEvent:
            self._close()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                raise self._refused(event, "a second document (---) begins here: a file holds one")

    def _scalar(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if event.tag is not None:
            self._refuse_tag(event)
        text = event.value
        if self._stack and self._stack[-1].key is _NO_KEY:
            self._key(event)
            return
        value = text if event.style else plain_value(text)
        self._add(_Node(value, line), event.anchor)

    def _key(self, event: Any) -> None:
        frame, text, line = self._stack[-1], event.value, event.start_mark.line + 1
        if event.anchor is not None:
            self.problems.append((line, f"the key {text!r:.60} has an anchor: anchors are for values"))
        if text == "<<" and not event.style:
            self.problems.append((line, "merge keys (<<) are not allowed: write the entries out"))
        if text in frame.value:
            first = frame.children[text]
            first_line = first[0] if isinstance(first, tuple) else first
            self.problems.append((line, f"the key {text!r:.60} is given twice: first in line {first_line}"))
        frame.key, frame.key_line = text, line

    def _open(self, event: Any, value: Any, children: Any) -> None:
        line = event.start_mark.line + 1
        if event.tag is not None:
            self._refuse_tag(event)
        if self._stack and self._stack[-1].key is _NO_KEY:
            raise self._refused(event, "a key is a list or a mapping: expected a text")
        if len(self._stack) >= MAX_DEPTH:
            raise too_deep(line)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(value, children, line, event.anchor, key=_NO_KEY if value == {} else None))

    def _close(self) -> None:
        frame = self._stack.pop()
        self._add(_Node(frame.value, (frame.line, frame.children), frame.size, frame.height), frame.anchor)

    def _alias(self, event: Any) -> None:
        if self._stack and self._stack[-1].key is _NO_KEY:
            raise self._refused(event, "a key is an alias: expected a text")
        if event.anchor not in self._anchors:
            raise self._refused(event, f"the alias *{event.anchor:.60} stands before its anchor")
        node = self._anchors[event.anchor]
        if node is None:
            raise self._refused(event, f"the alias *{event.anchor:.60} stands inside what it stands for")
        if len(self._stack) + node.height > MAX_DEPTH:
            raise too_deep(event.start_mark.line + 1)
        self._add(node, None)

    def _add(self, node: _Node, anchor: str | None) -> None:
        """Put a finished value where it belongs."""
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        frame.size += node.size
        frame.height = max(frame.height, node.height + 1)
        line = node.places[0] if isinstance(node.places, tuple) else node.places
        if frame.size > MAX_VALUES:
            raise too_many(line)
        if frame.key is None:
            frame.value.append(node.value)
            frame.children.append(node.places)
            return
        frame.value[frame.key] = node.value
        inside = node.places[1] if isinstance(node.places, tuple) else None
        frame.children[frame.key] = frame.key_line if inside is None else (frame.key_line, inside)
        frame.key = _NO_KEY

    def _refuse_tag(self, event: Any) -> None:
        self.problems.append(
            (event.start_mark.line + 1, f"the tag {event.tag!r:.80} is not allowed: write the value without a tag")
        )

    def _refused(self, event: Any, what: str) -> Refused:
        return Refused([*self.problems, (event.start_mark.line + 1, what)])


def plain_value(text: str) -> Any:
    """What an unquoted YAML scalar stands for by the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    first = text[0]
    if first not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if len(text) <= 400 and _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL.fullmatch(text)
    if special:
        return float("nan") if special.group(1) is None else float(f"{special.group(1)}inf")
    return text


def _line_of(error: yaml.MarkedYAMLError, text: str) -> int:
    mark = error.problem_mark or error.context_mark
    return min(mark.line, text.count("\n")) + 1 if mark else 1


def _syntax(error: yaml.MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    return f"this is not YAML: {': '.join(parts)}"
