"""How mistakes in a schedule are worded: values shown short, and the name that was probably meant."""

import unicodedata
from collections.abc import Collection
from difflib import get_close_matches

_LONGEST_SHOWN = 60
_MOST_NAMED = 8
LONGEST_LINE = 200


def shown(value: object) -> str:
    """The value as a message shows it: its repr, cut where it is long; never a large value in full."""
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "...")
    if isinstance(value, dict | list | tuple):
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"a {kind} of {len(value)}" if value else f"an empty {kind}"
    if value is None or isinstance(value, bool):
        return "nothing" if value is None else repr(value)
    text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def one_of(known: Collection[object], value: object = None) -> str:
    """`one of 'ada', 'bob'`, with the one that `value` resembles where there is such a one."""
    if not known:
        return "a name, but none is defined"
    names = [str(name) for name in known]
    text = "one of " + ", ".join(repr(name) for name in names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        text += f" and {len(names) - _MOST_NAMED} more"
    near = get_close_matches(value, names, n=1) if isinstance(value, str) and len(value) <= _LONGEST_SHOWN else []
    return f"{text}; did you mean {near[0]!r}?" if near else text


def is_line(text: object) -> bool:
    """Whether a text is one line that can be shown anywhere: not empty, not long, without control characters."""
    return (
        isinstance(text, str)
        and 0 < len(text.strip()) <= len(text) <= LONGEST_LINE
        and not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)
    )
