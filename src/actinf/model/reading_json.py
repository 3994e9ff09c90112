"""Turns JSON text into plain values; finds the lines of values only when they are asked for.

The standard library reads JSON fast but does not say where anything stands, so that the text is read a second time
where a mistake has to be named.
"""

import json
import re
from typing import Any

import numpy as np

from actinf.model.refusal import MAX_DEPTH, MAX_VALUES, MOST_PROBLEMS, Places, Refused, too_deep, too_many

#: How many pieces of a text are looked at to find lines; values after them get the line of what is around them.
MOST_PIECES = 1_000_000

_PIECE = re.compile(r'\s*+("(?:[^"\\]++|\\.)*+(?:"|\Z)|[\[\]{},:]|[^\s"\[\]{},:]++)', re.DOTALL)

_DEPTH_STEP = np.zeros(256, dtype=np.int8)
_DEPTH_STEP[[ord("["), ord("{")]], _DEPTH_STEP[[ord("]"), ord("}")]] = 1, -1
_IS_MARK = _DEPTH_STEP != 0
_IS_MARK[ord(",")] = True


def parse_json(text: str) -> Any:
    """The values of a JSON text.

    Raises:
        Refused: with the problem and its line; with every duplicate key.
    """
    if not text.strip():
        raise Refused([(1, "the file is empty")])
    _refuse_large(text)
    twice: list[str] = []

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            seen: set[str] = set()
            twice.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return made

    try:
        values = json.loads(text, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        raise Refused([(error.lineno, f"this is not JSON: {error.msg}")]) from None
    except RecursionError:
        raise too_deep(1) from None
    except ValueError:
        raise Refused([(1, "the file holds a number of too many digits")]) from None
    if twice:
        raise Refused(_duplicates(text) or [(1, f"the key {key!r:.60} is given twice") for key in twice])
    return values


def place_json(text: str) -> Places:
    """Where the values of a JSON text that was read stand."""
    return _Placing(text).root


def _duplicates(text: str) -> list[tuple[int, str]]:
    return _Placing(text).duplicates


def _refuse_large(text: str) -> None:
    """Count values and depth on the punctuation outside strings, before anything is built."""
    plain = text.replace("\\\\", "").replace('\\"', "") if "\\" in text else text
    characters = np.frombuffer(plain.encode("utf-8", "replace"), dtype=np.uint8)
    inside_strings = np.cumsum(characters == ord('"'), dtype=np.uint8) & 1
    marks = _IS_MARK[characters] & (inside_strings == 0)
    # A value has at most a bracket on either side and a comma after it.
    if np.count_nonzero(marks) > 3 * MAX_VALUES:
        raise too_many(1)
    steps = _DEPTH_STEP[characters[marks]]
    if len(steps) and np.cumsum(steps, dtype=np.int64).max() > MAX_DEPTH:
        raise too_deep(1)
    if np.count_nonzero(steps >= 0) > MAX_VALUES:
        raise too_many(1)


class _Placing:
    """Reads the pieces of a valid JSON text for the lines they stand on."""

    def __init__(self, text: str):
        self.duplicates: list[tuple[int, str]] = []
        self.root: Places = 1
        line, end = 1, 0
        self._stack: list[tuple[int, Any]] = []
        self._keys: list[tuple[str, int] | None] = []
        self._wants_key: list[bool] = []
        for count, piece in enumerate(_PIECE.finditer(text)):
            if count > MOST_PIECES or len(self.duplicates) >= MOST_PROBLEMS:
                break
            line, end = line + text.count("\n", end, piece.start(1)), piece.start(1)
            self._take(piece.group(1), line)
        while self._stack:
            self._close()

    def _take(self, piece: str, line: int) -> None:
        if piece in ("{", "["):
            self._stack.append((line, {} if piece == "{" else []))
            self._keys.append(None)
            self._wants_key.append(piece == "{")
        elif piece in ("}", "]"):
            self._close()
        elif piece == ",":
            self._wants_key[-1] = isinstance(self._stack[-1][1], dict)
        elif piece == ":":
            self._wants_key[-1] = False
        elif self._stack and self._wants_key[-1]:
            self._key(json.loads(piece), line)
        else:
            self._add(line)

    def _key(self, key: str, line: int) -> None:
        known = self._stack[-1][1]
        if key in known:
            first = known[key]
            first_line = first[0] if isinstance(first, tuple) else first
            self.duplicates.append((line, f"the key {key!r:.60} is given twice: first in line {first_line}"))
        self._keys[-1] = (key, line)

    def _close(self) -> None:
        line, children = self._stack.pop()
        self._keys.pop()
        self._wants_key.pop()
        self._add((line, children))

    def _add(self, places: Places) -> None:
        if not self._stack:
            self.root = places
            return
        children, key = self._stack[-1][1], self._keys[-1]
        if isinstance(children, list):
            children.append(places)
        elif key is not None:
            children[key[0]] = (key[1], places[1]) if isinstance(places, tuple) else key[1]
