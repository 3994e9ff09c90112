"""Label selectors, field selectors, and quantities such as `250m` and `1Gi`."""

import re
from collections.abc import Callable

Matches = Callable[[dict], bool]

FACTORS = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
FACTORS |= {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTP", start=1)}


def quantity(text: str | float | None) -> float:
    """`"250m"` is 0.25, `"1Gi"` is 2 to the 30th."""
    if text is None:
        return 0.0
    match = re.fullmatch(r"([0-9.eE+-]+?)([a-zA-Z]*)", str(text))
    if match is None or match[2] not in FACTORS:
        raise ValueError(f"{text!r} is no quantity: expected a number such as 0.5, 250m, 512Mi or 1Gi")
    return float(match[1]) * FACTORS[match[2]]


def labels_of(object_: dict) -> dict:
    return object_.get("metadata", {}).get("labels") or {}


def selects(selector: dict | None, labels: dict) -> bool:
    """Whether a selector of a spec (`matchLabels`, `matchExpressions`) selects; an empty one selects all."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_holds(each, labels.get(each["key"])) for each in selector.get("matchExpressions") or ())


def _holds(expression: dict, value: str | None) -> bool:
    if expression["operator"] in {"In", "NotIn"}:
        return (value in expression["values"]) == (expression["operator"] == "In")
    return (value is not None) == (expression["operator"] == "Exists")


def parse_label_selector(text: str) -> Matches:
    """What `-l` takes: `app=api,tier!=x,env in (a,b),!old,new`."""
    requirements = [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]
    return lambda object_: all(_satisfies(requirement, labels_of(object_)) for requirement in requirements)


def _satisfies(requirement: str, labels: dict) -> bool:
    among = re.fullmatch(r"(\S+)\s+(in|notin)\s+\((.*)\)", requirement)
    if among is not None:
        values = {value.strip() for value in among[3].split(",")}
        return (labels.get(among[1]) in values) == (among[2] == "in")
    if "!=" in requirement:
        key, value = requirement.split("!=")
        return labels.get(key.strip()) != value.strip()
    if "=" in requirement:
        key, _, value = requirement.replace("==", "=").partition("=")
        return labels.get(key.strip()) == value.strip()
    if requirement.startswith("!"):
        return requirement[1:] not in labels
    return requirement in labels


def parse_field_selector(text: str) -> Matches:
    """What `--field-selector` takes: `status.phase=Running,metadata.name!=x`."""
    requirements = []
    for part in filter(None, text.split(",")):
        path, sign, value = re.fullmatch(r"([^!=]+)(!=|==?)(.*)", part).groups()
        requirements.append((path.split("."), sign != "!=", value))
    return lambda object_: all((_field(object_, path) == value) == equal for path, equal, value in requirements)


def _field(object_: dict, path: list[str]) -> str:
    value: object = object_
    for step in path:
        value = value.get(step, "") if isinstance(value, dict) else ""
    return str(value)
