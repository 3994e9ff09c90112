"""What readers of files refuse, and the bounds they keep to."""

import re
from typing import Any, TypeAlias

#: The most bytes of a file.
MAX_BYTES = 96 * 2**20

#: The most values (scalars, lists and mappings) in a file, each alias counted as what it stands for.
MAX_VALUES = 250_000

#: The deepest nesting of lists and mappings.
MAX_DEPTH = 24

#: Where values stand: a line, or a line and the places of what is inside.
Places: TypeAlias = int | tuple[int, "dict[Any, Places] | list[Places]"]

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
#: How many problems of one text are reported; reading ends there.
MOST_PROBLEMS = 50


class Refused(Exception):
    """A text that is refused; `problems` holds pairs of line and sentence."""

    def __init__(self, problems: list[tuple[int, str]]):
        self.problems = sorted(problems[:MOST_PROBLEMS], key=lambda problem: problem[0])
        super().__init__(self.problems)


def refuse_control_characters(text: str) -> None:
    """Raise Refused when the text holds a control character."""
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise Refused([(line, f"the control character U+{ord(found.group()):04X} is not allowed in a text file")])


def too_many(line: int) -> Refused:
    """More values than are read."""
    return Refused(
        [
            (
                line,
                f"more than {MAX_VALUES:,} values (an alias counts as all that it stands for): state large tables as"
                f" `sparse` or as a text of numbers, or by a rule",
            )
        ]
    )


def too_deep(line: int) -> Refused:
    """Deeper nesting than is read."""
    return Refused([(line, f"lists and mappings are nested more than {MAX_DEPTH} deep")])
