"""Collects every mistake of a model, so that all of them are reported together.

A mistake is a pair of a path inside the model, such as `("A", "cue")`, and one sentence.  Files turn the path
into a line.  Nothing here knows what a model is.
"""

from collections.abc import Collection
from difflib import get_close_matches
from itertools import islice

from actinf.errors import ModelError

Path = tuple[str | int, ...]

_MOST_LISTED = 8
_LONGEST_SHOWN = 60
_MOST_COMPARED = 2_000


#: How many mistakes are reported; the search for more ends there, since a hostile file can hold any number.
MOST_PROBLEMS = 100


class Problems:
    """The mistakes found so far, in the order in which they were found."""

    def __init__(self) -> None:
        self.found: list[tuple[Path, str]] = []

    def add(self, where: Path, what: str) -> None:
        """Note one mistake at the path `where`; raise ModelError when it is one too many to go on."""
        self.found.append((where, what))
        if len(self.found) >= MOST_PROBLEMS:
            self.found.append((where, f"after {MOST_PROBLEMS} mistakes the rest was not checked"))
            self.raise_if_any()

    def __len__(self) -> int:
        return len(self.found)

    def raise_if_any(self) -> None:
        """Raise one ModelError that holds every mistake; do nothing when there is none."""
        if self.found:
            raise ModelError(list(self.found))


def shown(value: object) -> str:
    """The value as a message shows it: its repr, cut where it is long.  Never walks a large value in full."""
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "...")
    if isinstance(value, bool | float) or value is None:
        return repr(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**30 else "a number of more than 30 digits"
    if isinstance(value, dict):
        return f"a mapping of {len(value)} entries" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)} entries" if value else "an empty list"
    return f"a {type(value).__name__}"


def listed(names: Collection[object]) -> str:
    """`'a', 'b', 'c'`, with the count of those left out when there are many."""
    text = ", ".join(shown(name) for name in islice(names, _MOST_LISTED))
    return text if len(names) <= _MOST_LISTED else f"{text} and {len(names) - _MOST_LISTED:,} more"


def suggestion(name: object, known: Collection[str]) -> str:
    """`; did you mean 'cue'?`, or an empty text when nothing known resembles `name`."""
    if not isinstance(name, str) or len(name) > _LONGEST_SHOWN or len(known) > _MOST_COMPARED:
        return ""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
