"""What pydantic found wrong, in plain words: one wording for the bodies of requests and for the settings of a process.

A mistake is an entry of `ValidationError.errors()`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["expected", "told", "told_together"]

_KINDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a string",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "list_type": "a list",
    "tuple_type": "a list",
    "none_required": "null",
    "uuid_type": "a UUID",
    "uuid_parsing": "a UUID",
}
_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "string_pattern_mismatch": "a string that matches {pattern}",
}
_SENTENCES = {"missing": "is required", "extra_forbidden": "there is no such field"}
_BEGINS = ("Input should be a valid ", "Input should be ")


def expected(mistake: Mapping[str, Any]) -> str | None:
    """What was expected, as the end of the sentence "expected …"; None where the mistake is of another sort."""
    kind = mistake["type"]
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in _BOUNDS:
        return _BOUNDS[kind].format_map(mistake["ctx"])
    said = str(mistake["msg"])
    begins = next((begins for begins in _BEGINS if said.startswith(begins)), None)
    return None if begins is None else said.removeprefix(begins)


def told(mistake: Mapping[str, Any]) -> str:
    """One mistake, as what follows the name of the part: what was expected, or what is wrong."""
    wanted = expected(mistake)
    if wanted is not None:
        return f"expected {wanted}"
    if mistake["type"] in ("json_invalid", "value_error"):
        return str(mistake["ctx"]["error"])
    return _SENTENCES.get(mistake["type"], str(mistake["msg"]))


def told_together(alike: Sequence[Mapping[str, Any]]) -> str:
    """The mistakes of one part that may have several forms, and has none of them."""
    wanted = [expected(one) for one in alike]
    known = list(dict.fromkeys(one for one in wanted if one is not None))
    if len(known) < 2 or None in wanted:
        return told(alike[0])
    return f"expected {', '.join(known[:-1])} or {known[-1]}"
