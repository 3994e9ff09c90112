"""Reads a YAML or JSON file into plain values, safely, and knows on which line each of them stands.

Whoever wrote the file may be a stranger or an enemy.  So nothing is constructed but mappings, lists, texts, numbers,
truth values and nulls; tags, merge keys and duplicate keys are refused; and size, depth and the number of values
(aliases counted as what they stand for) are bounded before memory or time is spent on them.

What the values mean is not known here: models, worlds and experiments are all read through this module.
"""

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actinf.errors import FileError
from actinf.model.reading_json import parse_json, place_json
from actinf.model.reading_yaml import parse_yaml
from actinf.model.refusal import MAX_BYTES, Places, Refused

_FORMATS = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}


@dataclass
class Document:
    """What a file says, as plain values.

    Attributes:
        path: the file, as messages name it.
        data: mappings, lists, str, int, float, bool and None.  Parts may be shared (YAML aliases): do not change them.
    """

    path: str
    data: Any
    _places: Places | None = field(default=None, repr=False)
    _text: str = field(default="", repr=False)

    def line_of(self, pointer: Sequence[str | int]) -> int:
        """The line, from 1, on which the value at `pointer` (keys and positions from the root) stands.

        Where nothing stands at `pointer`, the line of the nearest value around it.
        """
        if self._places is None:
            self._places = place_json(self._text)
        places = self._places
        for step in pointer:
            inside = _inside(places, step)
            if inside is None:
                break
            places = inside
        return places[0] if isinstance(places, tuple) else places

    def error(self, problems: Sequence[tuple[Sequence[str | int], str]]) -> FileError:
        """The FileError that names every problem, a pair of pointer and sentence, as `file:line: sentence`."""
        lines = [(self.line_of(pointer), what) for pointer, what in problems]
        return FileError([f"{self.path}:{line}: {what}" for line, what in sorted(lines, key=lambda pair: pair[0])])


@dataclass
class PlainDocument(Document):
    """Values that came as such, from a request or a database: mistakes are named by their place, not by a line."""

    def error(self, problems: Sequence[tuple[Sequence[str | int], str]]) -> FileError:
        """The FileError that names every problem as `name#/key/0: sentence`, the place as a JSON Pointer (RFC 6901)."""
        return FileError([f"{self.path}#{_pointer(where)}: {what}" for where, what in problems])


def plain_document(data: object, name: str) -> Document:
    """Values within the bounds of a file, as JSON would hold them.

    Raises:
        FileError: for what JSON cannot hold, or holds more or deeper values than are read; `name` stands for the file.
    """
    try:
        content = json.dumps(data, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise FileError(f"{name}#: the values are not those of a JSON document: {error}") from None
    return PlainDocument(name, parse_document(content, "json", name).data)


def _pointer(where: Sequence[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in where)


def read_document(path: str | os.PathLike[str]) -> Document:
    """The values of a .yaml, .yml or .json file.

    Raises:
        FileError: when there is no such file, or when it cannot be read safely; each problem as `file:line: message`.
    """
    name = os.fspath(path)
    form = _FORMATS.get(Path(name).suffix.lower())
    if form is None:
        raise FileError(f"{name}: expected a file whose name ends in .yaml, .yml or .json")
    return parse_document(_content(name), form, name)


def parse_document(content: bytes, form: str, name: str) -> Document:
    """The values of a text in `form`, "yaml" or "json"; `name` stands for the file in messages.

    Raises:
        FileError: each problem as `name:line: message`.
    """
    if len(content) > MAX_BYTES:
        raise FileError(f"{name}: the file has {len(content):,} bytes: at most {MAX_BYTES:,} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileError(f"{name}:{line}: the file is not UTF-8 text") from None
    try:
        if form == "json":
            return Document(name, parse_json(text), None, text)
        return Document(name, *parse_yaml(text))
    except Refused as refused:
        raise FileError([f"{name}:{line}: {what}" for line, what in refused.problems]) from None


def _inside(places: Places, step: str | int) -> Places | None:
    children = places[1] if isinstance(places, tuple) else []
    if isinstance(children, dict):
        return children.get(step)
    return children[step] if isinstance(step, int) and 0 <= step < len(children) else None


def _content(name: str) -> bytes:
    """The bytes of a regular file, at most one more than may be read."""
    try:
        with open(name, "rb", buffering=0, opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileError(f"{name}: expected a regular file")
            if status.st_size > MAX_BYTES:
                raise FileError(f"{name}: the file has {status.st_size:,} bytes: at most {MAX_BYTES:,} are read")
            return file.readall()
    except OSError as error:
        raise FileError(f"{name}: {error.strerror or error}") from None
    except FileError:
        raise
    except ValueError:
        raise FileError(f"{name!r} is not the name of a file") from None


def _open_without_waiting(name: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
